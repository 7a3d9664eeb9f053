/**
 * Calls that are run in an order: of those of a module with the same `order` one at a time, in the order in which they were stored.
 *
 * Such a call is stored in the stream ORDERED, under a subject of its order, and stays there until it is done with. The first of a subject has its
 * turn: only it is stored in a lane, where any worker takes it. When its result is stored, its worker deletes it from ORDERED, has the next take its
 * turn, and only then acknowledges it.
 *
 * - One at a time: a call gets its turn when it is the first, so when those before it are deleted, each after its result was stored. Before it is run it
 *   is looked once more whether it is the first: what was given its turn twice is run once.
 * - None is forgotten: a worker hears of each call that is stored in ORDERED, and gives it its turn if it is the first. If it is not, the one before is
 *   not deleted yet, and its worker looks for a next after it has deleted it: the server does one after the other, so one of the two sees that it is the
 *   turn of this call. Who dies before he has acknowledged has it done by whoever is delivered it next.
 * - A call that is given its turn twice is stored once: its subject in the lane is its own, where nothing may be stored while it is there.
 *
 * Rejected: a consumer for each of some partitions that holds one message at a time, for which calls of other orders would wait and failed ones
 * lose their place; locks with a lease, which rest on clocks.
 */
import { FormatError, readMessage, RESULT_HEADER, type CallHead } from "../calls/envelope.js";
import { storeCall } from "../calls/storing.js";
import { DamagedError } from "../codec/decode.js";
import type { Connection } from "../connection/dial.js";
import type { Delivery } from "../connection/pull.js";
import type { Store, Stored } from "../connection/store.js";

/** What is to become of a call of an order that is delivered from its lane. */
export type Turn =
  /** It is run now. */
  | "now"
  /** It is done with already. */
  | "over"
  /** It waits to be tried again, and is stored for that. */
  | "waits"
  /** Others are before it. */
  | "early";

export class Turns {
  constructor(
    private readonly connection: Connection,
    private readonly store: Store,
    /** Tells the caller of a call that cannot be read. */
    private readonly refuse: (id: string, error: unknown) => Promise<void>,
  ) {}

  /** A call was stored in ORDERED: it has its turn if it is the first. */
  async stored({ subject, seq }: { readonly subject: string; readonly seq: number }): Promise<void> {
    const line = this.connection.names.line(subject);
    const first = await this.store.first(this.connection.names.ordered, line);
    if (first?.seq === seq && !(await this.begin(first))) await this.end(line, seq);
  }

  /** Whether a call that is delivered may run. */
  async look(head: CallHead, delivery: Delivery): Promise<Turn> {
    const { names } = this.connection;
    const first = await this.store.first(names.ordered, this.lineOf(head));
    if (first === undefined || first.seq > head.place!) return "over";
    if (first.seq < head.place!) return "early";
    // Its worker died, perhaps after it had stored that it is tried again.
    const isKept =
      delivery.count > 1 && (await this.store.first(names.waiting, names.call(head, "wait"))) !== undefined;
    return isKept ? "waits" : "now";
  }

  /** A call is done with: it is the turn of the next. */
  async over(head: CallHead): Promise<void> {
    if (head.place !== undefined) await this.end(this.lineOf(head), head.place);
  }

  private lineOf(head: CallHead): string {
    const { names } = this.connection;
    return names.line(names.call(head, "order"));
  }

  private async end(line: string, place: number): Promise<void> {
    const { ordered } = this.connection.names;
    for (let last = place; ;) {
      await this.store.remove(ordered, last);
      const next = await this.store.first(ordered, line);
      if (next === undefined || next.seq < last) return;
      // It is there still if it could not be deleted.
      if (next.seq > last && (await this.begin(next))) return;
      last = next.seq;
    }
  }

  /** Stores a call in its lane; false if it cannot be read, of which its caller is told. */
  private async begin({ seq, data, headers }: Stored): Promise<boolean> {
    try {
      const { head, body } = readMessage<CallHead>(data);
      const lane = head.wait === undefined ? head.lane : "wait";
      await storeCall(this.connection, this.store, { ...head, place: seq }, body, lane, "");
      return true;
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof DamagedError)) throw error;
      const [, id] = new RegExp(`^${RESULT_HEADER}: *(\\S+)`, "m").exec(headers) ?? [];
      if (id !== undefined) await this.refuse(id, error);
      return false;
    }
  }
}
