/**
 * Addresses as users write them: `tcp://127.0.0.1:8080`, `unix:///run/x.sock`, `udp6://[::1]:53?reuseport=true`.
 *
 * Guarantees: an address without a host is loopback, never all interfaces: those take an explicit `0.0.0.0` or `[::]`; an
 * address that is none is an AddressError that says what is wrong with it; `formatAddress` gives text that `parseAddress` takes.
 */
import { isIP, isIPv6 } from "node:net";
import { formatSocketAddress, UNIX_PATH_MAX, type SocketAddress } from "./sockaddr.js";

/** The networks, as Go names them. */
export type Network = "tcp" | "tcp4" | "tcp6" | "udp" | "udp4" | "udp6" | "unix" | "unixgram";

/** An address that was written wrongly, or whose host is unknown. */
export class AddressError extends Error {
  override name = "AddressError";
  /** The resolver's word for an unknown host, as ENOTFOUND. */
  readonly code?: string;

  constructor(message: string, cause?: NodeJS.ErrnoException) {
    super(message, cause && { cause });
    if (cause?.code !== undefined) this.code = cause.code;
  }
}

/** A parsed address. */
export interface Address {
  readonly network: Network;
  /** A name, a literal address without brackets, or "" for loopback; "" for `unix`. */
  readonly host: string;
  /** 0 has the system choose; 0 for `unix`. */
  readonly port: number;
  /** `unix`: the socket's path; one that begins with `@` is a name in Linux's abstract namespace. */
  readonly path: string;
  /** `-net`: only the runtime's own sockets may serve it. */
  readonly stdlib: boolean;
  /** `?reuseport=true`: other processes, and each loop, may have a socket of their own at it. */
  readonly reusePort: boolean;
}

const networks: readonly string[] = ["tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "unixgram"];

/**
 * Reads an address.
 *
 * @throws AddressError
 */
export function parseAddress(text: string): Address {
  const fail = (why: string): never => {
    throw new AddressError(`bad address ${JSON.stringify(text)}: ${why}`);
  };
  if (typeof text !== "string")
    throw new AddressError(`an address is a text such as "tcp://:8080", not ${typeof text}`);
  const scheme = /^([a-z0-9]+)(-net)?:\/\//.exec(text);
  const [prefix = "", name = "tcp", suffix] = scheme ?? [];
  if (scheme === null && (text.includes("://") || !text.includes(":")))
    fail("write it as tcp://host:port or unix://path");
  if (!networks.includes(name)) fail(`there is no network ${name}; there are ${networks.join(", ")}`);
  const network = name as Network;
  const rest = text.slice(prefix.length);
  const question = rest.indexOf("?");
  const place = question < 0 ? rest : rest.slice(0, question);
  const common = {
    network,
    stdlib: suffix !== undefined,
    reusePort: question < 0 ? false : reusePort(rest.slice(question + 1), fail),
  };
  if (isPath(network)) {
    if (place === "" || place === "@") fail("the path is missing");
    if (place.includes("\0")) fail("the path has a 0 byte");
    if (new TextEncoder().encode(place).length > UNIX_PATH_MAX) {
      fail(`the path of a Unix socket has at most ${UNIX_PATH_MAX} bytes`);
    }
    // The system has no such thing for paths: all loops share the one socket.
    return { ...common, reusePort: false, host: "", port: 0, path: place };
  }
  return { ...common, ...hostPort(place, network, fail), path: "" };
}

function reusePort(query: string, fail: (why: string) => never): boolean {
  let reuse = false;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name !== "reuseport") return fail(`there is no parameter ${name}; there is reuseport`);
    if (!["true", "1", "false", "0"].includes(value)) return fail(`reuseport is true or false, not ${value}`);
    reuse = value === "true" || value === "1";
  }
  return reuse;
}

function hostPort(place: string, network: Network, fail: (why: string) => never): { host: string; port: number } {
  // A host in brackets is a literal IPv6 address; without them it has no colon.
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(place);
  if (match === null) return fail("write host:port, an IPv6 address in brackets");
  const [, literal, name = "", port = ""] = match;
  if (literal !== undefined && !isIPv6(literal)) return fail(`${literal} is no IPv6 address`);
  if (place !== "" && match[3] === undefined) return fail("the port is missing");
  const host = literal ?? name;
  if (/[\s/]/.test(host)) return fail(`${JSON.stringify(host)} is no host`);
  if (Number(port) > 65535) return fail(`a port is a number from 0 to 65535, not ${port}`);
  const version = isIP(host);
  if ((version === 4 && network.endsWith("6")) || (version === 6 && network.endsWith("4"))) {
    return fail(`${host} is no address for ${network}`);
  }
  return { host, port: Number(port) };
}

/** The socket addresses that an address stands for without asking anybody, the best first; undefined where its host is a name. */
export function literalAddresses({ network, host, port, path }: Address): SocketAddress[] | undefined {
  if (isPath(network)) return [{ family: "unix", path }];
  const version = isIP(host.replace(/%.*$/, ""));
  if (version !== 0) return [{ family: version === 6 ? "ipv6" : "ipv4", host, port }];
  if (host !== "" && host.toLowerCase() !== "localhost") return undefined;
  const loopback: SocketAddress[] = [];
  if (!network.endsWith("6")) loopback.push({ family: "ipv4", host: "127.0.0.1", port });
  if (!network.endsWith("4")) loopback.push({ family: "ipv6", host: "::1", port });
  return loopback;
}

/**
 * Asks the system's resolver for the host of an address. IPv4 comes first: a listener on one version is reached by most
 * there, and a client without IPv6 does not have to wait.
 */
export async function lookupAddresses({ network, host, port }: Address): Promise<SocketAddress[]> {
  const family = network.endsWith("6") ? 6 : network.endsWith("4") ? 4 : 0;
  // Its resolver is made as it is loaded, which most programs have no use for.
  const { lookup } = await import("node:dns/promises");
  const found = await lookup(host, { family, all: true, verbatim: true });
  const of = (version: number): SocketAddress[] =>
    found.flatMap((entry) =>
      entry.family === version ? [{ family: version === 6 ? "ipv6" : "ipv4", host: entry.address, port }] : [],
    );
  return [...of(4), ...of(6)];
}

/**
 * Finds the socket address that a listener's address stands for.
 *
 * @throws AddressError if there is none
 */
export async function resolveAddress(address: Address): Promise<SocketAddress> {
  try {
    const [best] = literalAddresses(address) ?? (await lookupAddresses(address));
    if (best === undefined) throw new Error("it has no address");
    return best;
  } catch (error) {
    const { network, host, port } = address;
    throw new AddressError(
      `bad address ${JSON.stringify(`${network}://${host}:${port}`)}: ${(error as Error).message}`,
      error as NodeJS.ErrnoException,
    );
  }
}

/**
 * The socket address that a datagram goes to from a socket at `local`.
 *
 * @throws AddressError for what is no literal address, or of another version than the socket
 */
export function destinationOf(text: string, local: string): SocketAddress {
  const fail = (why: string): never => {
    throw new AddressError(`bad address ${JSON.stringify(text)}: ${why}`);
  };
  const address = parseAddress(text);
  if (!isDatagram(address.network)) fail("packets have an address such as udp://127.0.0.1:53");
  const [to] = literalAddresses(address) ?? fail("a packet goes to an address and not to a name: resolve it first");
  if (to === undefined || to.family === "unix") return fail("it has no port");
  const isFrom6 = local.includes("[");
  if (isFrom6 && to.family === "ipv4") return { ...to, family: "ipv6", host: `::ffff:${to.host}` };
  return !isFrom6 && to.family === "ipv6" ? fail(`${local} reaches addresses of IPv4 only`) : to;
}

/** A socket's address as `parseAddress` takes it, as `tcp://127.0.0.1:8080`. */
export function addressText(network: Network, address: SocketAddress): string {
  return `${network}://${formatSocketAddress(address)}`;
}

/** Whether the network's sockets carry datagrams. */
export function isDatagram(network: Network): boolean {
  return network.startsWith("udp") || network === "unixgram";
}

/** Whether the network's addresses are paths. */
function isPath(network: Network): boolean {
  return network.startsWith("unix");
}
