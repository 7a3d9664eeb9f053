/** What the runner asks of each implementation that it compares. */
import type { Command } from "../child.js";

/** An implementation that can run here and now. */
export interface Ready {
  /** Its name and version, as `node 20.20.2`. */
  readonly runtime: string;
  /** How to run a benchmark's program on so many Ps. */
  command(program: string, procs: number, args: readonly string[]): Command;
  /** Has a program built and kept, where the first `command` would do that: in its own process, whose memory may be what is measured. */
  build?(program: string): Command;
}

export interface Implementation {
  /** The name for `--impl`, in tables and in JSON. */
  readonly name: string;
  readonly description: string;
  /** Builds what has to be built. The reason, in one line, why it cannot run here is a `ChildError`. */
  prepare(stop: AbortSignal): Promise<Ready>;
}
