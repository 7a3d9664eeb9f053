/** Select: one of several channel operations, whichever can proceed first. */
import { OpCode, OpStatus } from "../abi/enums.js";
import { optionOf } from "../base/options.js";
import { SkeinError } from "../base/errors.js";
import { onAbort } from "../base/signals.js";
import { LongTimer } from "../base/timers.js";
import type { Chan } from "./chan.js";
import type { SelectCase, Selected } from "./cases.js";
import { asError, ChanError, reasonOf } from "./syncerrors.js";
import type { WaitOptions } from "./host.js";
import { OP_ENDED } from "./ops.js";
import type { Sync } from "./sync.js";

/** A select that has been set up. */
class Selection {
  readonly sync: Sync;
  readonly cases: readonly SelectCase[];
  readonly op: number;
  /** The index of each of the core's cases, and the slots of those that send. */
  private readonly indices: number[] = [];
  private readonly slots: (bigint | undefined)[] = [];
  ms = Infinity;
  private afterIndex = -1;
  otherwise = -1;

  constructor(sync: Sync, cases: Iterable<SelectCase>) {
    this.sync = sync;
    if (typeof cases?.[Symbol.iterator] !== "function") {
      throw new TypeError("a select takes an array of its cases: rt.select([recv(ch), send(ch, v), after(ms)])");
    }
    this.cases = [...cases];
    this.op = sync.ops.take(OpCode.Select, 0);
    try {
      sync.ops.core.opCase(this.op, true, 0, 0); // clears it, with a case that is never ready
      this.cases.forEach((it, index) => this.add(it, index));
    } catch (error) {
      this.dropSends(-1);
      sync.ops.give(this.op);
      throw error;
    }
  }

  private add(it: SelectCase, index: number): void {
    const { ops } = this.sync;
    switch (it?.kind) {
      case "recv":
      case "send": {
        const { chan } = it;
        if (chan === null || chan === undefined) return;
        this.sync.checkOwn(chan, `case ${index} of the select`);
        if (it.kind === "send") {
          chan.encode(it.value);
          this.slots[this.indices.length] = this.sync.host.memory.data.getBigUint64(ops.slot, true);
        }
        ops.core.opCase(this.op, false, chan.core, it.kind === "send" ? ops.slot : 0);
        this.indices.push(index);
        return;
      }
      case "after":
        if (!(it.ms >= 0)) throw new RangeError(`after takes milliseconds, 0 or more, not ${String(it.ms)}`);
        if (it.ms >= this.ms) return;
        this.ms = it.ms;
        this.afterIndex = index;
        return;
      case "otherwise":
        if (this.otherwise >= 0) throw new SkeinError("a select has one otherwise at most");
        this.otherwise = index;
        return;
      default:
        throw new TypeError(`case ${index} of the select is none: use recv(ch), send(ch, v), after(ms) or otherwise`);
    }
  }

  /** The result, once the operation is over; or throws. Gives up the values that were not sent. */
  result(status: number): Selected {
    const { ops } = this.sync;
    if (status === OpStatus.Cancelled || status === 0) {
      this.dropSends(-1);
      const index = status === 0 ? this.otherwise : this.afterIndex;
      return { index, value: undefined, ok: status !== 0 };
    }
    const chosen = ops.count(this.op) - 1;
    const index = this.indices[chosen]!;
    const it = this.cases[index]! as SelectCase & { kind: "recv" | "send" };
    if (it.kind === "send") {
      this.dropSends(status === OpStatus.Closed ? -1 : chosen);
      if (status === OpStatus.Closed) throw new ChanError("send on closed channel");
      return { index, value: undefined, ok: true };
    }
    this.dropSends(-1);
    if (status === OpStatus.Drained) return { index, value: undefined, ok: false };
    ops.unload(this.op);
    return { index, value: it.chan!.decode(), ok: true };
  }

  private dropSends(except: number): void {
    const { ops, host } = this.sync;
    this.slots.forEach((slot, i) => {
      if (slot === undefined || i === except) return;
      host.memory.data.setBigUint64(ops.slot, slot, true);
      (this.cases[this.indices[i]!] as { chan: Chan<unknown> }).chan.drop();
    });
    this.slots.length = 0;
  }
}

/** @internal Does one case of `cases` as soon as one can proceed. */
export function select(sync: Sync, cases: Iterable<SelectCase>, options?: WaitOptions): Promise<Selected> {
  const { ops } = sync;
  try {
    const signal = optionOf(options, "signal");
    if (signal?.aborted === true) throw reasonOf(signal);
    const it = new Selection(sync, cases);
    const { op } = it;
    if (it.otherwise >= 0) return Promise.resolve(settle(sync, it, ops.core.opPoll(op)));
    let timer: LongTimer | undefined;
    let due = false;
    let detach: (() => void) | undefined;
    const promise = new Promise<Selected>((resolve, reject) => {
      const ended = (status: number): void => {
        timer?.clear();
        detach?.();
        if (status === OP_ENDED) {
          promise.catch(() => undefined); // nobody has to wait for what the end of the runtime has called off
          return reject(ops.over!);
        }
        try {
          const result = settle(sync, it, status);
          if (status === OpStatus.Cancelled && !due) reject(reasonOf(signal!));
          else resolve(result);
        } catch (error) {
          reject(asError(error));
        }
      };
      const status = ops.begin(op, (_, ended_) => ended(ended_));
      if (status !== 0) return ended(status);
      if (it.ms !== Infinity) {
        timer = new LongTimer(it.ms, () => {
          if (ops.core.opCancel(op)) due = true;
        });
      }
      if (signal !== undefined) {
        detach = onAbort(signal, () => void ops.core.opCancel(op));
      }
    });
    return promise;
  } catch (error) {
    return Promise.reject(asError(error));
  }
}

/** @internal The same, blocking this goroutine's M. */
export function selectSync(sync: Sync, cases: Iterable<SelectCase>): Selected {
  const it = new Selection(sync, cases);
  if (it.otherwise >= 0) return settle(sync, it, sync.ops.core.opPoll(it.op));
  let status = OpStatus.Cancelled;
  try {
    status = sync.ops.wait(it.op, "selectSync", it.ms);
  } catch (error) {
    settle(sync, it, OpStatus.Cancelled);
    throw error;
  }
  return settle(sync, it, status);
}

function settle(sync: Sync, it: Selection, status: number): Selected {
  try {
    return it.result(status);
  } finally {
    sync.ops.give(it.op);
  }
}
