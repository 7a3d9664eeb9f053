/**
 * Addresses: from text to what the kernel takes, and back. Their syntax is the host's business (`host/sockets/address.ts`), and
 * so are host names: literal addresses and `localhost` are resolved at once, on the thread that asks; for other names the main
 * thread asks the system, while the goroutine is parked.
 */
import { NoteKind } from "../../abi";
import { malloc, mfree } from "../memory/malloc";
import { awaitHost } from "./polldesc";
import { pushNote } from "../js/mailbox";
import { fail } from "./errors";
import { netFormat, netResolve } from "./imports";

/** What an address is for. */
export namespace Purpose {
  export const Listen: i32 = 0;
  export const Dial: i32 = 1;
  export const ListenPacket: i32 = 2;
  export const Destination: i32 = 3;
}

/** The most addresses of a name that are tried. */
const SLOTS: i32 = 8;
/** Bytes of an address that the kernel takes, at most. */
export const SOCKADDR_MAX: i32 = 112;

export namespace SlotFlag {
  /** An IPv6 address that is not to stand for IPv4 too. */
  export const Only6: i32 = 1;
  /** Others may listen at it as well. */
  export const ReusePort: i32 = 2;
}

/** One of the addresses that a name stands for. */
@unmanaged
export class Slot {
  /** AF_INET and the like. */
  domain: i32;
  length: i32;
  /** Bits of SlotFlag. */
  flags: i32;
  // Then the kernel's struct.
}

const SLOT_BYTES: usize = offsetof<Slot>() + SOCKADDR_MAX;

/** What the host is asked, and answers. `host/sockets/resolution.ts` knows the layout. */
@unmanaged
export class Resolution {
  /** Where the goroutine waits for the main thread (`awaitHost`). */
  word: usize;
  /** How many slots are filled. */
  count: i32;
  /** The text asked for, UTF-16, its length in bytes, and its Purpose. */
  text: usize;
  length: i32;
  purpose: i32;
  /** Bytes of a message that says why there is no answer; UTF-16. */
  messageLength: i32;
  // Then MESSAGE_MAX bytes of message, then the slots.
}

const MESSAGE_MAX: usize = 512;
const MESSAGE: usize = offsetof<Resolution>();
const FIRST_SLOT: usize = MESSAGE + MESSAGE_MAX;


@inline
export function slotOf(r: Resolution, i: i32): Slot {
  return changetype<Slot>(changetype<usize>(r) + FIRST_SLOT + <usize>i * SLOT_BYTES);
}

/** Where the kernel's struct of a slot is. */
@inline
export function sockaddrOf(s: Slot): usize {
  return changetype<usize>(s) + offsetof<Slot>();
}

/** Resolves an address, with at least one slot filled; null if it stands for nothing, which is this call's failure. */
export function resolve(operation: string, address: string, purpose: i32): Resolution | null {
  const size = FIRST_SLOT + <usize>SLOTS * SLOT_BYTES;
  const r = changetype<Resolution>(malloc(size));
  memory.fill(changetype<usize>(r), 0, FIRST_SLOT);
  r.text = changetype<usize>(address);
  r.length = address.length << 1;
  r.purpose = purpose;
  if (netResolve(r.text, r.length, purpose, changetype<usize>(r)) == 1) {
    pushNote(NoteKind.Resolve, changetype<usize>(r), 0);
    awaitHost(changetype<usize>(r));
  }
  if (r.count > 0) return r;
  fail(operation, address, String.UTF16.decodeUnsafe(changetype<usize>(r) + MESSAGE, r.messageLength));
  releaseResolution(r);
  return null;
}

export function releaseResolution(r: Resolution): void {
  mfree(changetype<usize>(r));
}

/** The text of a socket's address, as `listen` and `dial` take it; empty for a unix socket without a name. */
export function formatAddress(sockaddr: usize, length: i32, packets: bool): string {
  const size = netFormat(sockaddr, length, packets ? 1 : 0, 0, 0);
  const block = changetype<ArrayBuffer>(__new(size, idof<ArrayBuffer>()));
  netFormat(sockaddr, length, packets ? 1 : 0, changetype<usize>(block), size);
  return String.UTF16.decodeUnsafe(changetype<usize>(block), size);
}
