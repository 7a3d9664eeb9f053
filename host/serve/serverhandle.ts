/** What `serve` gives: the server's addresses, its figures, and its end. */
import { conceal, present } from "../base/present.js";
import type { PollerChoice } from "../sockets/poller.js";
import type { Server, ServerStats } from "./events.js";
import type { ServerBlock } from "./serverblock.js";

export class ServerHandle implements Server {
  readonly closed: Promise<void>;
  private ending: Promise<void> | undefined;
  private failure: Error | undefined;
  private settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  /** `end` ends everything; it is called once. */
  constructor(
    readonly addrs: readonly string[],
    private readonly block: ServerBlock,
    private readonly choice: PollerChoice,
    private readonly end: () => Promise<void>,
  ) {
    this.closed = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    conceal(this);
  }

  get loops(): number {
    return this.block.loops;
  }

  stats(): ServerStats {
    const loops = Array.from({ length: this.block.loops }, (_, loop) => this.block.stats(loop));
    return {
      poller: this.choice.name,
      pollerReason: this.choice.reason,
      connections: loops.reduce((sum, { connections }) => sum + connections, 0),
      loops,
    };
  }

  close(): Promise<void> {
    this.ending ??= this.end().then(
      () => (this.failure === undefined ? this.settle?.resolve() : this.settle?.reject(this.failure)),
      (error: Error) => this.settle?.reject(this.failure ?? error),
    );
    return this.closed;
  }

  /** Closes the server because of an error, which `closed` rejects with. */
  fail(error: Error): void {
    this.failure ??= error;
    void this.close().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

present(ServerHandle, "Server", ({ addrs, loops }) => ({ addrs, loops }), "stats() has its figures");
