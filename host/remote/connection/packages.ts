/** NATS's packages, which only those install who use them. */
import type * as jetstreamPackage from "@nats-io/jetstream";
import type * as objPackage from "@nats-io/obj";
import type * as transportPackage from "@nats-io/transport-node";
import { SkeinError } from "../../index.js";

export interface Packages {
  readonly transport: typeof transportPackage;
  readonly jetstream: typeof jetstreamPackage;
  readonly obj: typeof objPackage;
}

/** @throws SkeinError that says what to install */
export async function loadPackages(): Promise<Packages> {
  try {
    const [transport, jetstream, obj] = await Promise.all([
      import("@nats-io/transport-node"),
      import("@nats-io/jetstream"),
      import("@nats-io/obj"),
    ]);
    return { transport, jetstream, obj };
  } catch (cause) {
    throw new SkeinError(
      "skein/remote needs NATS's packages: npm install @nats-io/transport-node @nats-io/jetstream @nats-io/obj " +
        `(${(cause as Error).message})`,
      { cause },
    );
  }
}
