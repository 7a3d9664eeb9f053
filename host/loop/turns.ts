/**
 * How a loop gets its turns from the host's event loop, which it cannot block.
 *
 * A step of the loop is followed by the next in a microtask, as long as the loop has work: so a chain of callbacks costs no
 * turn of the host each, and async functions that a callback has woken go on before the next turn. But after `SHARE_MS` the
 * host gets its own turn first: its sockets, timers and immediates wait no longer than that, and the callback then running.
 * The clock is read only once in `stride` callbacks, which is as many as have been taking a quarter of that time.
 *
 * A loop without work sleeps in one of the host's timers, which keeps the process alive, as a running loop should.
 */
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from "node:timers";

/** How long the loop may go on before the host gets its turn, in milliseconds: far more than a turn of the host costs. */
const SHARE_MS = 1;
/** Reading the clock costs 50 ns (150 on Deno): once in so many callbacks it hardly counts. */
const MAX_STRIDE = 16;
/** The host's timers take no longer delays than this; asyncio waits no longer either. */
const LONGEST_SLEEP_MS = 24 * 3600 * 1000;

const resolved = Promise.resolve();

export class Turns {
  private readonly step: () => void;
  private immediate: NodeJS.Immediate | undefined;
  private timer: NodeJS.Timeout | undefined;
  private refed = true;
  private stride = 1;
  /** Callbacks since the clock was last read; when that was, and when the host last had its turn. */
  private callbacks = 0;
  private read = 0;
  private began = 0;

  /** @param step what the loop does when it has its turn */
  constructor(step: () => void) {
    this.step = step;
  }

  /** How many callbacks the loop may make in one step. */
  get most(): number {
    return this.stride;
  }

  /** Has the loop step again, at once or after the host; `callbacks` are made before that. */
  again(callbacks: number): void {
    this.callbacks += callbacks;
    void resolved.then(this.fromMicrotask);
  }

  /** Has the loop step again once the host has looked at its sockets and timers. */
  afterHost(): void {
    this.immediate = setImmediate(this.fromHost);
    if (!this.refed) this.immediate.unref();
  }

  /** Has the loop step again in so many milliseconds, not earlier, or when `wake` is called; Infinity for only then. */
  sleep(ms: number): void {
    this.timer = setTimeout(this.fromHost, Math.min(Math.ceil(ms), LONGEST_SLEEP_MS));
    if (!this.refed) this.timer.unref();
  }

  /** There is work: a sleeping loop is to step. */
  wake(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.afterHost();
  }

  /** The loop takes no more turns. */
  end(): void {
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    this.timer = this.immediate = undefined;
  }

  /** Whether the loop keeps the process alive while it runs. */
  keepAlive(yes: boolean): void {
    this.refed = yes;
    if (yes) {
      this.timer?.ref();
      this.immediate?.ref();
    } else {
      this.timer?.unref();
      this.immediate?.unref();
    }
  }

  private readonly fromMicrotask = (): void => {
    if (this.callbacks >= this.stride && this.hostIsDue()) this.afterHost();
    else this.step();
  };

  private readonly fromHost = (): void => {
    this.timer = this.immediate = undefined;
    this.began = this.read = performance.now();
    this.callbacks = 0;
    this.step();
  };

  private hostIsDue(): boolean {
    const now = performance.now();
    const each = (now - this.read) / this.callbacks;
    this.stride = Math.max(1, Math.min(MAX_STRIDE, Math.floor(SHARE_MS / 4 / each)));
    this.read = now;
    this.callbacks = 0;
    return now - this.began >= SHARE_MS;
  }
}
