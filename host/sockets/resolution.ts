/**
 * Finding out what an address of `skein/net` stands for. The core asks with a Resolution, a struct in the program's memory
 * (`assembly/runtime/net/addr.ts`); the answer is written there: socket addresses as the kernel takes them, or a message.
 */
import { Purpose, ResolutionLayout, SlotFlag } from "../abi/enums.js";
import { Resolution, Slot } from "../abi/records.js";
import type { Memory } from "../base/memory.js";
import { AddressError, isDatagram, literalAddresses, lookupAddresses, parseAddress, type Address } from "./address.js";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.js";
import { encodeSockaddr, type SocketAddress } from "./sockaddr.js";

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
    // An end of packets is at one address as well: it would never hear that it is the wrong one.
    const isTried = purpose === Purpose.Dial && !isDatagram(address.network);
    writeSlots(memory, at, address, isTried ? found : found.slice(0, 1));
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
    const { text, length, purpose } = new Resolution(memory, at);
    const address = checked(memory.utf16(text, length), purpose);
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
  if (purpose !== Purpose.Dial && isDatagram(network) !== wantsDatagrams) {
    throw new AddressError(
      wantsDatagrams ? `packets have an address such as udp://:53` : `${network} is for packets: use listenPacket`,
    );
  }
  if (address.stdlib) throw new AddressError(`${network}-net is for serve; skein run --poller stdlib chooses here`);
  return address;
}

function writeSlots(memory: Memory, at: number, address: Address, found: readonly SocketAddress[]): void {
  const slots = found.slice(0, ResolutionLayout.SlotCount);
  if (slots.length === 0) throw new AddressError("no such host");
  slots.forEach((socketAddress, i) => {
    const slot = new Slot(memory, at + ResolutionLayout.Slots + i * ResolutionLayout.SlotSize);
    slot.domain = domains[socketAddress.family];
    slot.length = encodeSockaddr(socketAddress, memory.bytes, slot.address + Slot.SIZE);
    slot.flags =
      (address.network.endsWith("6") ? SlotFlag.Only6 : 0) |
      (address.reusePort ? SlotFlag.ReusePort : 0) |
      (isDatagram(address.network) ? SlotFlag.Packets : 0);
  });
  new Resolution(memory, at).count = slots.length;
}

function writeMessage(memory: Memory, at: number, message: string): void {
  const bytes = Buffer.from(message, "utf16le").subarray(0, ResolutionLayout.MessageMax);
  memory.write(at + ResolutionLayout.Message, bytes);
  const resolution = new Resolution(memory, at);
  resolution.messageLength = bytes.byteLength;
  resolution.count = 0;
}
