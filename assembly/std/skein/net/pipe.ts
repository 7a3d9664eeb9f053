/**
 * A connection within the program, after Go's `net/pipe.go`: no buffer, no system call. A write hands its bytes to the reads of the other
 * end, and returns when they have all been taken.
 *
 * Each direction is a Way. A writer, one at a time, offers its bytes on `bytes` and hears on `taken` how many a reader has
 * copied; between the two the bytes are the reader's, and a reader always answers. So a write ends between two reads only.
 *
 * On a goroutine.
 */
import { addressOf } from "../abi";
import { nanotime } from "../runtime/base/clock";
import { nilCheck } from "../runtime/base/nil";
import { Chan } from "../runtime/chan/chan";
import { Select } from "../runtime/chan/select";
import { afterFunc, Timer } from "../runtime/goroutine/time";
import { fail, pollErrorText } from "../runtime/net/errors";
import { NetFD } from "../runtime/net/fd";
import { PollError } from "../runtime/net/polldesc";
import { Mutex } from "../runtime/sync/mutex";
import { Conn } from "../net";

const ADDRESS: string = "pipe";
const CLOSED: string = "io: read/write on closed pipe";

/** Something that has happened or not, and that a select can wait for. */
class Latch {
  readonly chan: Chan<bool> = new Chan<bool>();
  private happened: i32 = 0;

  set(): void {
    if (atomic.cmpxchg<i32>(addressOf(this.happened), 0, 1) == 0) this.chan.close();
  }

  get isSet(): bool {
    return atomic.load<i32>(addressOf(this.happened)) != 0;
  }
}

/** A deadline that may be moved while calls wait for it. */
class Limit {
  private readonly lock: Mutex = new Mutex();
  private timer: Timer | null = null;
  private passed: Latch = new Latch();

  /** What is set once the deadline has passed, unless it is moved before. */
  get latch(): Latch {
    this.lock.lock();
    const latch = this.passed;
    this.lock.unlock();
    return latch;
  }

  set(at: i64): void {
    this.lock.lock();
    const timer = this.timer;
    // It has fired, and its goroutine is on the way to the latch.
    if (timer && !timer.stop()) this.passed.chan.recv();
    this.timer = null;
    const left = at - nanotime();
    const isPast = at != 0 && left <= 0;
    if (isPast) this.passed.set();
    else if (this.passed.isSet) this.passed = new Latch();
    if (at != 0 && !isPast) this.timer = afterFunc(left, expire(this.passed));
    this.lock.unlock();
  }
}

function expire(latch: Latch): void {
  latch.set();
}

/** One direction. */
class Way {
  readonly bytes: Chan<Uint8Array> = new Chan<Uint8Array>();
  readonly taken: Chan<i32> = new Chan<i32>();
  readonly writing: Mutex = new Mutex();
  /** Nothing more is written; nothing more is read. */
  readonly ended: Latch = new Latch();
  readonly refused: Latch = new Latch();
  readonly readLimit: Limit = new Limit();
  readonly writeLimit: Limit = new Limit();
}

/** Two connected ends in memory: what is written to one is read from the other. */
export class Pipe {
  readonly near: Conn;
  readonly far: Conn;

  constructor() {
    const there = new Way();
    const back = new Way();
    this.near = new PipeConn(back, there);
    this.far = new PipeConn(there, back);
  }
}

class PipeConn extends Conn {
  constructor(
    private input: Way,
    private output: Way,
  ) {
    super(changetype<NetFD>(0));
  }

  get localAddr(): string {
    return ADDRESS;
  }

  get remoteAddr(): string {
    return ADDRESS;
  }

  read(buf: Uint8Array): i32 {
    nilCheck(changetype<usize>(buf));
    const way = this.input;
    const limit = way.readLimit.latch;
    if (way.refused.isSet) return failed("read", CLOSED);
    if (way.ended.isSet || buf.length == 0) return 0;
    if (limit.isSet) return failed("read", pollErrorText(PollError.Timeout));
    const select = new Select();
    select.recv<Uint8Array>(way.bytes);
    select.recv<bool>(way.refused.chan);
    select.recv<bool>(way.ended.chan);
    select.recv<bool>(limit.chan);
    switch (select.wait()) {
      case 0: {
        const bytes = select.value<Uint8Array>();
        const n = min(bytes.length, buf.length);
        memory.copy(buf.dataStart, bytes.dataStart, n);
        way.taken.send(n);
        return n;
      }
      case 1:
        return failed("read", CLOSED);
      case 2:
        return 0;
      default:
        return failed("read", pollErrorText(PollError.Timeout));
    }
  }

  write(buf: Uint8Array): i32 {
    nilCheck(changetype<usize>(buf));
    const way = this.output;
    way.writing.lock();
    const n = this.writeLocked(way, buf);
    way.writing.unlock();
    return n;
  }

  private writeLocked(way: Way, buf: Uint8Array): i32 {
    const limit = way.writeLimit.latch;
    if (way.ended.isSet || way.refused.isSet) return failed("write", CLOSED);
    if (limit.isSet) return failed("write", pollErrorText(PollError.Timeout));
    const select = new Select();
    let rest = buf;
    select.send<Uint8Array>(way.bytes, rest);
    select.recv<bool>(way.ended.chan);
    select.recv<bool>(way.refused.chan);
    select.recv<bool>(limit.chan);
    while (rest.length > 0) {
      const chosen = select.wait();
      if (chosen == 3) return failed("write", pollErrorText(PollError.Timeout));
      if (chosen != 0) return failed("write", CLOSED);
      rest = rest.subarray(way.taken.recv());
      select.set<Uint8Array>(0, rest);
    }
    return buf.length;
  }

  close(): void {
    this.input.refused.set();
    this.output.ended.set();
  }

  closeWrite(): void {
    this.output.ended.set();
  }

  setDeadline(at: i64): void {
    this.setReadDeadline(at);
    this.setWriteDeadline(at);
  }

  setReadDeadline(at: i64): void {
    this.input.readLimit.set(at);
  }

  setWriteDeadline(at: i64): void {
    this.output.writeLimit.set(at);
  }
}

function failed(operation: string, reason: string): i32 {
  fail(operation, ADDRESS, reason);
  return -1;
}
