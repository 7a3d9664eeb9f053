/**
 * Finding out what an address of `skein/net` stands for. The core asks with a Resolution, a struct in the program's memory
 * (`assembly/runtime/net/addr.ts`); the answer is written there: socket addresses as the kernel takes them, or a message.
 */
import type { Memory } from "../base/memory.js";
import { AddressError, isDatagram, literalAddresses, lookupAddresses, parseAddress, type Address } from "./address.js";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.js";
import { encodeSockaddr, SOCKADDR_SIZE, type SocketAddress } from "./sockaddr.js";

/** What an address is for, as the core says it. */
export const enum Purpose {
  Listen = 0,
  Dial = 1,
  ListenPacket = 2,
  Destination = 3,
}

/** Offsets in a Resolution. */
const enum At {
  Count = 4,
  Text = 8,
  Length = 12,
  Purpose = 16,
  MessageLength = 20,
  Message = 24,
  Slots = 24 + 512,
}
const MESSAGE_BYTES = 512;

/** A slot: domain, length, flags, the kernel's struct. */
const SLOT_HEADER = 12;
const SLOT_SIZE = SLOT_HEADER + SOCKADDR_SIZE;
const SLOTS = 8;
/** Flags of a slot. */
export const ONLY_IPV6 = 1;
export const REUSE_PORT = 2;

const domains = { ipv4: AF_INET, ipv6: AF_INET6, unix: AF_UNIX } as const;

/** What `net_resolve` returns. */
const DONE = 0;
const NEEDS_LOOKUP = 1;
const FAILED = -1;

/** Answers what needs no resolver. */
export function resolveNow(memory: Memory, text: string, purpose: Purpose, at: number): number {
  try {
    const address = checked(text, purpose);
    const found = literalAddresses(address);
    if (found === undefined) return NEEDS_LOOKUP;
    // A listener is at one address.
    writeSlots(memory, at, address, purpose === Purpose.Dial ? found : found.slice(0, 1));
    return DONE;
  } catch (error) {
    // The core names the address itself.
    const { message } = error as Error;
    const prefix = `bad address ${JSON.stringify(text)}: `;
    writeMessage(memory, at, message.startsWith(prefix) ? message.slice(prefix.length) : message);
    return FAILED;
  }
}

/** Asks the system's resolver; on the main thread, whose event loop it needs. The answer is in the Resolution afterwards. */
export async function resolveName(memory: Memory, at: number): Promise<void> {
  try {
    const view = memory.data;
    const text = memory.utf16(view.getUint32(at + At.Text, true), view.getInt32(at + At.Length, true));
    const address = checked(text, view.getInt32(at + At.Purpose, true));
    writeSlots(memory, at, address, await lookupAddresses(address));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    writeMessage(memory, at, code === "ENOTFOUND" ? "no such host" : message);
  }
}

function checked(text: string, purpose: Purpose): Address {
  const address = parseAddress(text);
  const { network } = address;
  const wantsDatagrams = purpose === Purpose.ListenPacket || purpose === Purpose.Destination;
  if (isDatagram(network) !== wantsDatagrams) {
    throw new AddressError(
      wantsDatagrams ? `packets have an address such as udp://:53` : `${network} is for packets: use listenPacket`,
    );
  }
  if (address.stdlib) throw new AddressError(`${network}-net is for serve; skein run --poller stdlib chooses here`);
  return address;
}

function writeSlots(memory: Memory, at: number, address: Address, found: readonly SocketAddress[]): void {
  const slots = found.slice(0, SLOTS);
  if (slots.length === 0) throw new AddressError("no such host");
  slots.forEach((socketAddress, i) => {
    const slot = at + At.Slots + i * SLOT_SIZE;
    const length = encodeSockaddr(socketAddress, memory.bytes, slot + SLOT_HEADER);
    const flags = (address.network.endsWith("6") ? ONLY_IPV6 : 0) | (address.reusePort ? REUSE_PORT : 0);
    memory.data.setInt32(slot, domains[socketAddress.family], true);
    memory.data.setInt32(slot + 4, length, true);
    memory.data.setInt32(slot + 8, flags, true);
  });
  memory.data.setInt32(at + At.Count, slots.length, true);
}

function writeMessage(memory: Memory, at: number, message: string): void {
  const bytes = Buffer.from(message, "utf16le").subarray(0, MESSAGE_BYTES);
  memory.write(at + At.Message, bytes);
  memory.data.setInt32(at + At.MessageLength, bytes.byteLength, true);
  memory.data.setInt32(at + At.Count, 0, true);
}
