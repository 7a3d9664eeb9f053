/** Options of `connect`, checked. */
import { checkOptions, shown, type Names } from "../../base/options.js";
import { SkeinError } from "../../index.js";

/** Options of `connect`. What concerns what the cluster stores must be the same in all its processes. */
export interface ConnectOptions {
  /** The cluster's name: letters, digits, `-` and `_`. Processes that give the same name share tasks and channels. */
  readonly name: string;
  /** Addresses of NATS servers, `nats://host:port` or with `user:password@` before the host. Default `nats://127.0.0.1:4222`. */
  readonly servers?: string | readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly token?: string | undefined;
  /** Other options of the connection, such as `tls` or `authenticator`, as `connect` of @nats-io/transport-node takes them. */
  readonly connection?: Readonly<Record<string, unknown>> | undefined;
  /** Where the server keeps what it stores. Default `"file"`. */
  readonly storage?: "file" | "memory" | undefined;
  /** On how many servers of a NATS cluster it is kept. Default 1. */
  readonly replicas?: number | undefined;
  /** Milliseconds without a sign of life after which a worker counts as dead. Default 5000. */
  readonly ackWait?: number | undefined;
  /** Milliseconds for which the results of calls with a key are kept. Default a day. */
  readonly keep?: number | undefined;
  /** Milliseconds for which other results are kept for a caller that has lost its connection. Default two minutes. */
  readonly keepUnkeyed?: number | undefined;
  /** How many calls may wait, over which a call is an error. Default: as many as the server has room for. */
  readonly maxCalls?: number | undefined;
}

/** Them, with defaults. */
export interface Settings {
  readonly name: string;
  readonly servers: string[];
  readonly credentials: { user?: string; pass?: string; token?: string };
  readonly connection: Readonly<Record<string, unknown>>;
  readonly storage: "file" | "memory";
  readonly replicas: number;
  readonly ackWait: number;
  readonly keep: number;
  readonly keepUnkeyed: number;
  readonly maxCalls: number;
}

const NAMES: Names<ConnectOptions> = {
  name: true,
  servers: true,
  user: true,
  pass: true,
  token: true,
  connection: true,
  storage: true,
  replicas: true,
  ackWait: true,
  keep: true,
  keepUnkeyed: true,
  maxCalls: true,
};

const DAY_MS = 86_400_000;

/** @throws SkeinError that names the option */
export function settingsOf(given: ConnectOptions): Settings {
  const options = checkOptions<ConnectOptions>("connect", given, NAMES);
  const { servers = "nats://127.0.0.1:4222", storage = "file", connection = {} } = options;
  if (storage !== "file" && storage !== "memory") {
    throw new SkeinError(`storage must be "file" or "memory", not ${shown(storage)}`);
  }
  const list = typeof servers === "string" ? servers.split(",") : servers;
  if (!Array.isArray(list) || list.length === 0 || !list.every((each) => typeof each === "string")) {
    throw new SkeinError(
      `servers must be an address such as nats://127.0.0.1:4222, or a list of them, not ${shown(servers)}`,
    );
  }
  const credentials: Settings["credentials"] = {};
  for (const name of ["user", "pass", "token"] as const) {
    const value = options[name];
    if (value === undefined) continue;
    if (typeof value !== "string") throw new SkeinError(`${name} must be a string, not ${shown(value)}`);
    credentials[name] = value;
  }
  return {
    name: checkName(options.name, "name"),
    servers: list.map((each: string) => serverOf(each.trim(), credentials)),
    credentials,
    connection,
    storage,
    replicas: checkCount(options.replicas ?? 1, "replicas", 1),
    ackWait: checkCount(options.ackWait ?? 5000, "ackWait", 100),
    keep: checkCount(options.keep ?? DAY_MS, "keep", 1000),
    keepUnkeyed: checkCount(options.keepUnkeyed ?? 120_000, "keepUnkeyed", 1000),
    maxCalls: options.maxCalls === undefined ? -1 : checkCount(options.maxCalls, "maxCalls", 1),
  };
}

/** A name that becomes part of streams' names and subjects. */
export function checkName(name: unknown, of: string): string {
  if (typeof name === "string" && /^[\w-]{1,64}$/.test(name)) return name;
  throw new SkeinError(`${of} must be letters, digits, - and _, 64 at most, not ${shown(name)}`);
}

/** A whole number from `least`. */
export function checkCount(value: unknown, of: string, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new SkeinError(`${of} must be a whole number from ${least}, not ${shown(value)}`);
}

/** An address without the user and password in it, which go to the credentials. */
function serverOf(address: string, credentials: Settings["credentials"]): string {
  const [, scheme = "", userinfo, rest] = /^([a-z]+:\/\/)?(?:([^@/]*)@)?(.*)$/i.exec(address) ?? [];
  if (rest === undefined || rest === "" || /\s/.test(rest)) {
    throw new SkeinError(`servers: ${shown(address)} is no address such as nats://127.0.0.1:4222`);
  }
  if (userinfo !== undefined) {
    const [user = "", pass] = userinfo.split(":").map(decodeURIComponent);
    if (pass === undefined) credentials.token ??= user;
    else {
      credentials.user ??= user;
      credentials.pass ??= pass;
    }
  }
  return `${scheme}${rest}`;
}
