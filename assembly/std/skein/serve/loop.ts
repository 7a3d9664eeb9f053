/**
 * A loop of a server: a goroutine that runs the handlers of its connections, one at a time.
 *
 * A turn: take what has been told (`slots.ts`), give each connection that has something to do one go (`connections.ts`), look at the clock.
 * One go is at most one read, so a connection that always has input has others go before it each time; and a loop that is never
 * out of work polls the network itself and lets other goroutines run, each turn. A loop without work parks.
 *
 * On the loop's goroutine; `adopt` and `stop` on any.
 */
import { SERVE_IDLE_CHECKS } from "../layout";
import { addressOf } from "../abi";
import { mpscPush, mpscTake } from "../runtime/base/mpsc";
import { shadeList, shadePushed } from "../runtime/memory/mark";
import { nanotime } from "../runtime/base/clock";
import { mfree } from "../runtime/memory/malloc";
import { fdClose } from "../runtime/net/fd";
import { Sink, sinkAny, sinkBits, sinkPost, sinkTake, sinkWait } from "../runtime/net/sink";
import { isEpoll } from "../runtime/net/sys";
import { netpoll, netpollLast } from "../runtime/net/netpoll";
import { injectglist, netpollSetDeadline, netpollSetSink, PollError } from "../runtime/net/polldesc";
import { goid, gosched } from "../runtime/goroutine/proc";
import { Conn, ConnState } from "./conn";
import { Tick } from "./events";
import { Server } from "./server";
import { giveSlots, LoopEvent, Slot, SlotEvent } from "./slots";
import { Connections, NEVER } from "./connections";

/** The shortest pause between two looks at connections that may be idle, in ns. */
const SWEEP_MIN: i64 = 1_000_000;
const ETIMEDOUT: i32 = 110;

export class Loop extends Connections {
  /** The goroutine that runs it. */
  goroutine: i64 = 0;
  /** A figure, as those of its connections. */
  turns: i64 = 0;

  private readonly ticks: bool;
  /** The latest of the connections that are to be taken over; the head of a queue of `mpsc.ts`. */
  private adopted: Conn | null = null;
  /** When `tick` is due. */
  private nextTick: i64 = NEVER;
  /** The deadline of the loop's PollDesc; 0 for none. */
  private deadline: i64 = 0;

  constructor(server: Server, ticks: bool) {
    super(server);
    this.ticks = ticks;
  }

  // ---- from other goroutines

  /** Has the loop take over a connection, which has been counted already. */
  adopt(conn: Conn): void {
    const head = addressOf(this.adopted);
    const isFirst = mpscPush(head, changetype<usize>(conn), offsetof<Conn>("next"));
    shadePushed(changetype<usize>(conn), offsetof<Conn>("next"));
    if (isFirst) sinkPost(this.slots.control, LoopEvent.Adopt);
  }

  /** Has the loop close its connections, and end. Nothing is to be taken over after that. */
  stop(): void {
    sinkPost(this.slots.control, LoopEvent.Stop);
  }

  // ---- turns

  /** Runs the loop, until `stop`. */
  run(): void {
    this.goroutine = goid();
    const now = nanotime();
    if (this.ticks) this.nextTick = now;
    this.sweepLater(now);
    while (true) {
      this.turns++;
      this.takeNotes();
      for (let n = this.work.length; n > 0; n--) this.go(this.work.take());
      this.lookAtClock();
      if (this.stopping && this.count == 0) break;
      if (this.work.length > 0 || sinkAny(this.slots.queue)) this.giveWay();
      else this.sleep();
    }
    this.end();
  }

  /** There is more to do; but others may have something to do too, and the network may have news. */
  private giveWay(): void {
    if (isEpoll() && netpollLast() != 0) injectglist(netpoll(0));
    gosched();
  }

  private sleep(): void {
    const due = min(this.nextTick, this.nextSweep);
    const at = due == NEVER ? 0 : due;
    const pd = this.slots.queue.pd;
    if (at != this.deadline) {
      this.deadline = at;
      netpollSetDeadline(pd, false, at);
    }
    const error = sinkWait(this.slots.queue);
    // A deadline that has passed must be set anew, even to the same.
    if (error == PollError.Timeout) this.deadline = -1;
    // The program is over, and so is this goroutine, as soon as it gives way.
    else if (error == PollError.Closing) gosched();
  }

  private takeNotes(): void {
    let at = sinkTake(this.slots.queue);
    while (at != 0) {
      const sink = changetype<Sink>(at);
      at = sink.next;
      const bits = sinkBits(sink);
      if (sink == this.slots.control) {
        if ((bits & LoopEvent.Adopt) != 0) this.takeOver();
        if ((bits & LoopEvent.Stop) != 0) this.closeAll();
        continue;
      }
      const index = changetype<Slot>(sink).index;
      const conn = index < this.conns.length ? unchecked(this.conns[index]) : null;
      // Else the event is about one that has gone.
      if (!conn) continue;
      conn.events |= bits;
      this.list(conn);
    }
  }

  private lookAtClock(): void {
    if (this.nextTick == NEVER && this.nextSweep == NEVER) return;
    let now = nanotime();
    if (now >= this.nextTick && !this.stopping) {
      const delay = this.events.tick();
      now = nanotime();
      this.nextTick = delay < 0 ? NEVER : delay > NEVER - now ? NEVER : now + delay;
      if (delay == Tick.Shutdown) this.server.shutdown();
    }
    if (now >= this.nextSweep) this.sweep(now);
  }

  /** Takes over the connections that were given to this loop. */
  private takeOver(): void {
    let at = mpscTake(addressOf(this.adopted), offsetof<Conn>("next"));
    shadeList(at, offsetof<Conn>("next"));
    while (at != 0) {
      const conn = changetype<Conn>(at);
      at = changetype<usize>(conn.next);
      conn.next = null;
      this.open(conn);
    }
  }

  // ---- the clock

  /** Sets when connections are looked at next. */
  private sweepLater(now: i64): void {
    const idle = this.events.idleTimeout;
    this.nextSweep = idle > 0 ? now + max(SWEEP_MIN, min(idle, NEVER >> 1) / SERVE_IDLE_CHECKS) : NEVER;
  }

  /** Ends what has been idle, or does not take its output. */
  private sweep(now: i64): void {
    this.sweepLater(now);
    const idle = this.events.idleTimeout;
    for (let i = 0; i < this.conns.length; i++) {
      const conn = this.conns[i];
      if (!conn || conn.sender != 0) continue;
      if (conn.state == ConnState.Open) {
        if (idle > 0 && now - conn.lastActive >= idle) this.expire(conn);
        continue;
      }
      if (now >= conn.lingerAt) {
        if (conn.buffered >= conn.lingerLeft) {
          this.finish(conn, null);
          continue;
        }
        this.lingerOn(conn, conn.state);
      }
      this.nextSweep = min(this.nextSweep, conn.lingerAt);
    }
  }

  /** Ends a connection for want of input, if there really is none: a loop that was held up has not seen what came. */
  private expire(conn: Conn): void {
    const last = conn.lastActive;
    if (!conn.paused) this.read(conn);
    if (conn.state != ConnState.Open || conn.lastActive != last) return;
    // There are wakes.
    if (conn.listed && (conn.events & SlotEvent.Wake) != 0) return;
    this.fail(conn, "read", ETIMEDOUT);
  }

  // ---- the end

  private closeAll(): void {
    this.stopping = true;
    this.nextTick = NEVER;
    this.takeOver();
    for (let i = 0; i < this.conns.length; i++) {
      const conn = this.conns[i];
      if (!conn) continue;
      if (conn.sender == 0) this.close(conn);
      else this.closePackets(conn);
    }
  }

  private closePackets(conn: Conn): void {
    conn.state = ConnState.Closed;
    netpollSetSink(conn.fd.pd, 0);
    this.conns[conn.slot.index] = null;
    this.slots.give(conn.slot);
    fdClose(conn.fd);
    mfree(conn.sender - 4);
    conn.sender = 0;
  }

  private end(): void {
    netpollSetDeadline(this.slots.queue.pd, false, 0);
    this.out.free();
    giveSlots(this.slots);
    this.goroutine = 0;
  }
}
