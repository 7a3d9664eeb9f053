/** A connection to NATS with JetStream, which outlives restarts of the server. */
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { SkeinError } from "../../index.js";
import type { Settings } from "./options.js";
import { loadPackages, type Packages } from "./packages.js";
import { Names } from "./subjects.js";

/**
 * How long to wait between attempts to connect again: a share of how long there has been no connection already, which chance lengthens by up to as much, so
 * that a short outage is followed by a short wait, and processes do not come all at once. In milliseconds.
 */
const RECONNECT = { least: 20, share: 1 / 8, most: 500 };

/** A connection, and what is known by all who use it. */
export class Connection {
  readonly names: Names;
  /** Told whenever the connection is there again. */
  readonly onReconnect = new Set<() => void>();
  /** When the connection was lost, by `performance.now()`; undefined while it is there. */
  lostAt: number | undefined;
  /** For how long it was lost the last time, in milliseconds. */
  outage = 0;

  constructor(
    readonly nc: NatsConnection,
    readonly js: JetStreamClient,
    readonly jsm: JetStreamManager,
    readonly packages: Packages,
    readonly settings: Settings,
  ) {
    this.names = new Names(settings.name);
    void this.watch();
  }

  /** The longest message that the server takes. */
  get maxPayload(): number {
    return this.nc.info?.max_payload ?? 1 << 20;
  }

  private async watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === "disconnect") this.lostAt ??= performance.now();
      if (type !== "reconnect") continue;
      this.outage = performance.now() - (this.lostAt ?? performance.now());
      this.lostAt = undefined;
      for (const listener of this.onReconnect) listener();
    }
  }
}

/** @throws SkeinError that says why there is no connection */
export async function dial(settings: Settings): Promise<Connection> {
  const packages = await loadPackages();
  const chance = 1 + Math.random();
  let connection: Connection | undefined;
  let nc: NatsConnection;
  try {
    nc = await packages.transport.connect({
      name: `skein ${settings.name}`,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      // It is asked more than once for each attempt, so this must not be counted.
      reconnectDelayHandler: () => {
        const { least, share, most } = RECONNECT;
        const { lostAt } = connection ?? {};
        const outage = lostAt === undefined ? 0 : performance.now() - lostAt;
        return chance * Math.min(Math.max(outage * share, least), most);
      },
      ...settings.connection,
      ...settings.credentials,
      servers: settings.servers,
    });
  } catch (error) {
    throw noConnection(packages, settings, error as Error);
  }
  const { jetstream, jetstreamManager } = packages.jetstream;
  try {
    connection = new Connection(nc, jetstream(nc), await jetstreamManager(nc), packages, settings);
    return connection;
  } catch (cause) {
    await nc.close();
    throw new SkeinError(
      `the NATS server at ${settings.servers.join(", ")} has no JetStream, which stores calls and results: ` +
        `start it with nats-server -js (${(cause as Error).message})`,
      { cause },
    );
  }
}

function noConnection({ transport }: Packages, { servers }: Settings, cause: Error): SkeinError {
  const at = servers.join(", ");
  const isRefused =
    cause instanceof transport.errors.AuthorizationError || /authorization|authentication/i.test(cause.message);
  const text = isRefused
    ? `the NATS server at ${at} refuses these credentials: ${cause.message}`
    : `no NATS server answers at ${at}: ${cause.message}`;
  return new SkeinError(text, { cause });
}
