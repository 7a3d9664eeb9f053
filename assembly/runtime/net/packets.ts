/** Where packets come from and go to. On a goroutine. */
import { malloc } from "../memory/malloc";
import { g } from "../base/registers";
import { NetFD } from "./fd";
import { Purpose, SOCKADDR_MAX } from "../../abi";
import { formatAddress, releaseResolution, resolve, slotOf, sockaddrOf } from "./addr";

/** Room for the address of whoever sends to this goroutine; the word before it is the address's length. Kept with the G. */
export function senderSpace(): usize {
  if (g.netSender == 0) g.netSender = malloc(4 + SOCKADDR_MAX) + 4;
  store<i32>(g.netSender - 4, 0);
  return g.netSender;
}

/** The text of the address in that room; empty if nothing was received. */
export function packetSender(): string {
  const sender = g.netSender;
  if (sender == 0) return "";
  const length = load<i32>(sender - 4);
  return length <= 2 ? "" : formatAddress(sender, length, true);
}

const AF_INET6: u16 = 10;
/** Bytes of the kernel's struct for an IPv4 and an IPv6 address. */
const SOCKADDR_IN: i32 = 16;
const SOCKADDR_IN6: i32 = 28;

/** An address as the kernel takes it from this socket; null if it stands for nothing. */
export function destinationOf(fd: NetFD, address: string): ArrayBuffer | null {
  const r = resolve("write", address, Purpose.Destination);
  if (!r) return null;
  const local = fd.local;
  // Of a name's addresses one of the socket's own version is best.
  let slot = slotOf(r, 0);
  for (let i = 0; local && i < r.count; i++) {
    if (slotOf(r, i).length != local.byteLength) continue;
    slot = slotOf(r, i);
    break;
  }
  const from = sockaddrOf(slot);
  let to: ArrayBuffer;
  if (local && local.byteLength == SOCKADDR_IN6 && slot.length == SOCKADDR_IN) {
    // An IPv6 socket reaches IPv4 addresses as ::ffff:a.b.c.d.
    to = new ArrayBuffer(SOCKADDR_IN6);
    const at = changetype<usize>(to);
    store<u16>(at, AF_INET6);
    store<u16>(at, load<u16>(from, 2), 2);
    store<u16>(at, 0xffff, 18);
    store<u32>(at, load<u32>(from, 4), 20);
  } else {
    to = new ArrayBuffer(slot.length);
    memory.copy(changetype<usize>(to), from, slot.length);
  }
  releaseResolution(r);
  return to;
}
