/**
 * The kernel's structs, byte by byte: `sockaddr_in`, `sockaddr_in6`, `sockaddr_un`, `epoll_event`.
 *
 * Guarantees: what `encode` writes `decode` reads; a socket's address that the kernel gives in any of these families is text
 * that `parseHostPort` and the address syntax of `serve` and `skein/net` take back.
 *
 * ```
 *   sockaddr_in    family u16 | port u16 BE | address 4 | zero 8                       16 bytes
 *   sockaddr_in6   family u16 | port u16 BE | flow u32 | address 16 | scope u32        28 bytes
 *   sockaddr_un    family u16 | path, ends with 0; or 0 and an abstract name           3 … 110 bytes
 *   epoll_event    events u32 | data u64, packed on x86; aligned to 8 elsewhere        12 or 16 bytes
 * ```
 */
import { isIPv4, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.js";

const packed = process.arch === "x64" || process.arch === "ia32";
/** Bytes of an `epoll_event`. */
export const EPOLL_EVENT_SIZE = packed ? 12 : 16;
/** Where its data begins. The first word is ours to use; the poller keeps a descriptor or an index there. */
export const EPOLL_EVENT_DATA = packed ? 4 : 8;

/** Bytes that hold the address of any socket of the families here. */
export const SOCKADDR_SIZE = 112;
/** The longest path of a Unix socket, in bytes of UTF-8. */
export const UNIX_PATH_MAX = 107;

const SIZE_IN = 16;
const SIZE_IN6 = 28;
const UNIX_PATH = 2;

/** An end of a connection: a host's address and port, or a path. */
export type SocketAddress =
  | { readonly family: "ipv4" | "ipv6"; readonly host: string; readonly port: number }
  /** A path that begins with `@` is a name in Linux's abstract namespace. An unbound socket's path is "". */
  | { readonly family: "unix"; readonly path: string };

/**
 * Writes an address as the kernel takes it.
 *
 * @returns the struct's length
 * @throws RangeError if the host is no literal address, the port no port, or the path too long
 */
export function encodeSockaddr(address: SocketAddress, bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  bytes.fill(0, at, at + SOCKADDR_SIZE);
  if (address.family === "unix") return encodeUnix(address.path, bytes, view, at);
  if (!Number.isInteger(address.port) || address.port < 0 || address.port > 65535) {
    throw new RangeError(`a port is a number from 0 to 65535, not ${address.port}`);
  }
  view.setUint16(at + 2, address.port);
  if (address.family === "ipv4") {
    if (!isIPv4(address.host)) throw new RangeError(`${JSON.stringify(address.host)} is no IPv4 address`);
    view.setUint16(at, AF_INET, true);
    bytes.set(address.host.split(".").map(Number), at + 4);
    return SIZE_IN;
  }
  view.setUint16(at, AF_INET6, true);
  const [host = "", zone] = address.host.split("%");
  bytes.set(parseIPv6(host), at + 8);
  view.setUint32(at + 24, zone === undefined ? 0 : scopeOf(zone), true);
  return SIZE_IN6;
}

function encodeUnix(path: string, bytes: Uint8Array, view: DataView, at: number): number {
  const text = new TextEncoder().encode(path);
  if (text.length > UNIX_PATH_MAX) {
    throw new RangeError(`the path of a Unix socket has at most ${UNIX_PATH_MAX} bytes, ${path} has ${text.length}`);
  }
  if (text.includes(0)) throw new RangeError(`the path of a Unix socket has a 0 byte: ${JSON.stringify(path)}`);
  view.setUint16(at, AF_UNIX, true);
  bytes.set(text, at + UNIX_PATH);
  // An abstract name begins with a 0 byte and has no end but the struct's; a path ends with one.
  if (!path.startsWith("@")) return UNIX_PATH + text.length + 1;
  bytes[at + UNIX_PATH] = 0;
  return UNIX_PATH + text.length;
}

/** Reads an address that the kernel wrote; null if its family is none of these, or it is cut short. */
export function decodeSockaddr(bytes: Uint8Array, at: number, length: number): SocketAddress | null {
  if (length < 2) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(at, true);
  if (family === AF_INET && length >= SIZE_IN) {
    const host = `${bytes[at + 4]}.${bytes[at + 5]}.${bytes[at + 6]}.${bytes[at + 7]}`;
    return { family: "ipv4", host, port: view.getUint16(at + 2) };
  }
  if (family === AF_INET6 && length >= SIZE_IN6) {
    const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 8 + 2 * i));
    const scope = view.getUint32(at + 24, true);
    return {
      family: "ipv6",
      host: formatIPv6(groups) + (scope === 0 ? "" : `%${scope}`),
      port: view.getUint16(at + 2),
    };
  }
  if (family === AF_UNIX) return { family: "unix", path: decodeUnix(bytes, at + UNIX_PATH, length - UNIX_PATH) };
  return null;
}

function decodeUnix(bytes: Uint8Array, at: number, length: number): string {
  if (length === 0) return "";
  const isAbstract = bytes[at] === 0;
  // TextDecoder takes no shared memory: slice copies.
  const text = bytes.slice(isAbstract ? at + 1 : at, at + length);
  const end = isAbstract ? -1 : text.indexOf(0);
  return (isAbstract ? "@" : "") + new TextDecoder().decode(end < 0 ? text : text.subarray(0, end));
}

/** `host:port` with an IPv6 host in brackets, or the path. */
export function formatSocketAddress(address: SocketAddress): string {
  if (address.family === "unix") return address.path;
  return address.family === "ipv6" ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Eight groups of an address that is known to be one. */
function parseIPv6(host: string): Uint8Array {
  if (!isIPv6(host)) throw new RangeError(`${JSON.stringify(host)} is no IPv6 address`);
  // The last 32 bits may be written as an IPv4 address.
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host);
  const text =
    dotted === null
      ? host
      : dotted[1] + [2, 4].map((i) => (Number(dotted[i]) * 256 + Number(dotted[i + 1])).toString(16)).join(":");
  const [head = "", tail] = text.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right].map((group) => parseInt(group, 16));
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 255;
  });
  return bytes;
}

/** The canonical text of RFC 5952: lower case, the longest run of zeros shortened, mapped IPv4 addresses dotted. */
function formatIPv6(groups: readonly number[]): string {
  const [, , , , , sixth, high = 0, low = 0] = groups;
  if (groups.slice(0, 5).every((group) => group === 0) && sixth === 0xffff) {
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > length) [start, length] = [i, run];
    i += run;
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return start < 0 ? text(0, 8) : `${text(0, start)}::${text(start + length, 8)}`;
}

/** The number of a network interface, from its name or its number. */
function scopeOf(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone);
  for (const { family, scopeid } of (networkInterfaces()[zone] ?? []) as { family: string; scopeid?: number }[]) {
    if (family === "IPv6" && scopeid !== undefined) return scopeid;
  }
  throw new RangeError(`there is no network interface ${JSON.stringify(zone)}`);
}
