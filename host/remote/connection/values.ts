/** Values that are too large for a message: in an object store, with the message saying where. */
import { randomUUID } from "node:crypto";
import type { ObjectStore } from "@nats-io/obj";
import { SkeinError } from "../../index.js";
import type { Connection } from "./dial.js";
import { NS_PER_MS, storageOf } from "./streams.js";

/** What of the server's limit is left to a message's head. */
const HEAD_BYTES = 64 * 1024;

/** The objects of one bucket. */
export class LargeValues {
  private store: Promise<ObjectStore> | undefined;

  /** @param ttl milliseconds after which objects are forgotten; undefined for never */
  constructor(
    private readonly connection: Connection,
    private readonly bucket: string,
    private readonly ttl?: number,
  ) {}

  /** Head and body of a message, which says where the body is if that is too large for it. */
  async pack<H extends { readonly large?: string | undefined }>(
    head: H,
    body: Uint8Array,
  ): Promise<{ head: H; body: Uint8Array }> {
    if (body.byteLength <= this.connection.maxPayload - HEAD_BYTES) return { head, body };
    return { head: { ...head, large: await this.put(body) }, body: new Uint8Array(0) };
  }

  /** The body of such a message, wherever it is. */
  async unpack({ large }: { readonly large?: string | undefined }, body: Uint8Array): Promise<Uint8Array> {
    return large === undefined ? body : await this.get(large);
  }

  /** Stores bytes; resolves with the name under which they are. */
  private async put(bytes: Uint8Array): Promise<string> {
    const name = randomUUID();
    try {
      await (await this.open()).putBlob({ name }, bytes);
    } catch (cause) {
      throw new SkeinError(
        `a value of ${bytes.byteLength} bytes, more than a message takes (${this.connection.maxPayload}), was not stored: ${(cause as Error).message}`,
        { cause },
      );
    }
    return name;
  }

  private async get(name: string): Promise<Uint8Array> {
    const bytes = await (await this.open()).getBlob(name);
    if (bytes === null)
      throw new SkeinError(`a large value is gone: nothing is stored in ${this.bucket} under ${name}`);
    return bytes;
  }

  async drop(name: string): Promise<void> {
    await (await this.open()).delete(name).catch(() => undefined);
  }

  private open(): Promise<ObjectStore> {
    const { packages, nc, settings } = this.connection;
    if (this.store === undefined) {
      this.store = new packages.obj.Objm(nc).create(this.bucket, {
        storage: storageOf(packages, settings).storage!,
        replicas: settings.replicas,
        ...(this.ttl === undefined ? {} : { ttl: this.ttl * NS_PER_MS }),
      });
      this.store.catch(() => (this.store = undefined));
    }
    return this.store;
  }
}
