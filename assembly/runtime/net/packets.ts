/** Where packets come from and go to. On a goroutine. */
import { malloc } from "../memory/malloc";
import { g } from "../base/registers";
import { fdRecvfrom, fdSendto, NetFD } from "./fd";
import { Purpose, SOCKADDR_MAX } from "../../abi";
import { formatAddress, releaseResolution, resolve, slotOf, sockaddrOf } from "./addr";
import { isEpoll } from "./sys";

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
  if (length > 2) return formatAddress(sender, length, true);
  return length == 2 ? "unixgram://" : "";
}

const AF_INET6: u16 = 10;
/** Bytes of the kernel's struct for an IPv4 and an IPv6 address. */
const SOCKADDR_IN: i32 = 16;
const SOCKADDR_IN6: i32 = 28;

/** Receives a packet of the peer of a connected socket: its length, or an error. */
export function receiveFromPeer(fd: NetFD, at: usize, length: i32): i32 {
  const remote = fd.remote!;
  while (true) {
    const sender = senderSpace();
    const n = fdRecvfrom(fd, at, length, sender);
    // The system knows the peer; the host's own sockets take a packet from anybody.
    if (n < 0 || isEpoll() || isSame(sender, changetype<usize>(remote), remote.byteLength)) return n;
  }
}

/** Sends a packet to the peer of a connected socket: its length, or an error. */
export function sendToPeer(fd: NetFD, at: usize, length: i32): i32 {
  const remote = fd.remote!;
  return fdSendto(fd, at, length, changetype<usize>(remote), remote.byteLength);
}

/** Whether two addresses are one host's port; what else the kernel notes with an IPv6 address may differ. */
function isSame(sender: usize, address: usize, length: i32): bool {
  if (load<i32>(sender - 4) != length || load<u32>(sender) != load<u32>(address)) return false;
  if (length == SOCKADDR_IN) return load<u32>(sender, 4) == load<u32>(address, 4);
  return memory.compare(sender + 8, address + 8, 16) == 0;
}

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
