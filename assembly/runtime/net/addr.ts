/**
 * Addresses: from text to what the kernel takes, and back. Their syntax is the host's business (`host/sockets/address.ts`), and
 * so are host names: literal addresses and `localhost` are resolved at once, on the thread that asks; for other names the main
 * thread asks the system, while the goroutine is parked.
 *
 * On a goroutine.
 */
import { NoteKind, Resolution, ResolutionLayout, Slot } from "../../abi";
import { malloc, mfree } from "../memory/malloc";
import { awaitHost } from "./polldesc";
import { pushNote } from "../js/mailbox";
import { fail } from "./errors";
import { SocketKind } from "./fd";
import { netFormat, netResolve } from "./imports";


@inline
export function slotOf(r: Resolution, i: i32): Slot {
  return changetype<Slot>(changetype<usize>(r) + ResolutionLayout.Slots + <usize>i * ResolutionLayout.SlotSize);
}

/** Where the kernel's struct of a slot is. */
@inline
export function sockaddrOf(s: Slot): usize {
  return changetype<usize>(s) + offsetof<Slot>();
}

/** Resolves an address, with at least one slot filled; null if it stands for nothing, which is this call's failure. */
export function resolve(operation: string, address: string, purpose: i32): Resolution | null {
  const size = ResolutionLayout.Slots + ResolutionLayout.SlotCount * ResolutionLayout.SlotSize;
  const r = changetype<Resolution>(malloc(size));
  memory.fill(changetype<usize>(r), 0, ResolutionLayout.Slots);
  r.text = changetype<usize>(address);
  r.length = address.length << 1;
  r.purpose = purpose;
  if (netResolve(r.text, r.length, purpose, changetype<usize>(r)) == 1) {
    pushNote(NoteKind.Resolve, changetype<usize>(r), 0);
    awaitHost(changetype<usize>(r));
  }
  if (r.count > 0) return r;
  fail(operation, address, String.UTF16.decodeUnsafe(changetype<usize>(r) + ResolutionLayout.Message, r.messageLength));
  releaseResolution(r);
  return null;
}

export function releaseResolution(r: Resolution): void {
  mfree(changetype<usize>(r));
}

/** The text of one end of a socket, which the socket may not have: `unix://` for one without a name, else empty. */
export function endText(address: ArrayBuffer | null, kind: u8): string {
  if (address) return formatAddress(changetype<usize>(address), address.byteLength, kind == SocketKind.Packets);
  return kind == SocketKind.Unix ? "unix://" : "";
}

/** The text of a socket's address, as `listen` and `dial` take it. */
export function formatAddress(sockaddr: usize, length: i32, packets: bool): string {
  const size = netFormat(sockaddr, length, packets ? 1 : 0, 0, 0);
  const block = changetype<ArrayBuffer>(__new(size, idof<ArrayBuffer>()));
  netFormat(sockaddr, length, packets ? 1 : 0, changetype<usize>(block), size);
  return String.UTF16.decodeUnsafe(changetype<usize>(block), size);
}
