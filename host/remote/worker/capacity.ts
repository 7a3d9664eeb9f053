/** How many calls a worker holds at a time: those that run, and a few more, so that its Ps do not wait for the network. */

/** For so many milliseconds of work calls are held beforehand. */
const AHEAD_MS = 4;
/** How many calls a P has at least, so that one waits while one runs, and at most. */
const LEAST = 2;
const MOST = 64;
/** How much one more call changes the mean. */
const WEIGHT = 1 / 32;

export class Capacity {
  private mean: number | undefined;

  /** @param fixed how many at a time, if the user has said so */
  constructor(
    private readonly procs: () => number,
    private readonly fixed: number | undefined,
  ) {}

  /** A call took so many milliseconds. */
  took(ms: number): void {
    this.mean = this.mean === undefined ? ms : this.mean + (ms - this.mean) * WEIGHT;
  }

  get calls(): number {
    if (this.fixed !== undefined) return this.fixed;
    const procs = this.procs();
    // A call waits for others of its P, so it takes as long as these together: the work of one is its share.
    const ahead = this.mean === undefined ? LEAST : Math.round(AHEAD_MS / Math.max(this.mean, AHEAD_MS / MOST));
    return procs * Math.max(LEAST, ahead);
  }
}
