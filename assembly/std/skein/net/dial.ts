/**
 * Connecting within a time. What may take too long, asking for a name and connecting, is a goroutine's of its own: its caller waits
 * for it or for the time, and whoever comes second knows so by `state`; so the socket of a caller that has gone is closed.
 *
 * On the caller's goroutine, and on the one that connects.
 */
import { addressOf } from "../abi";
import { nanotime } from "../runtime/base/clock";
import { Chan } from "../runtime/chan/chan";
import { Select } from "../runtime/chan/select";
import { newproc } from "../runtime/goroutine/proc";
import { Timer } from "../runtime/goroutine/time";
import { fail, failWith, lastError, pollErrorText } from "../runtime/net/errors";
import { fdClose, NetFD } from "../runtime/net/fd";
import { openConnection } from "../runtime/net/open";
import { PollError } from "../runtime/net/polldesc";

namespace State {
  export const Waiting: i32 = 0;
  /** The result is there, and its caller's. */
  export const Done: i32 = 1;
  /** The caller has gone. */
  export const GivenUp: i32 = 2;
}

class Dialing {
  state: i32 = State.Waiting;
  fd: NetFD | null = null;
  error: string = "";
  readonly done: Chan<bool> = new Chan<bool>(1);

  /** Leaves `Waiting`; false if the other side has. */
  leave(state: i32): bool {
    return atomic.cmpxchg<i32>(addressOf(this.state), State.Waiting, state) == State.Waiting;
  }
}

/** A connection, made within `timeout` nanoseconds; null if that failed. */
export function dialWithin(addr: string, timeout: i64): NetFD | null {
  const now = nanotime();
  const dialing = new Dialing();
  newproc(connect(dialing, addr, timeout > i64.MAX_VALUE - now ? i64.MAX_VALUE : now + timeout));
  const timer = new Timer(timeout);
  const select = new Select();
  select.recv<bool>(dialing.done);
  select.recv<i64>(timer.chan);
  if (select.wait() == 1) {
    if (dialing.leave(State.GivenUp)) {
      fail("dial", addr, pollErrorText(PollError.Timeout));
      return null;
    }
    dialing.done.recv();
  }
  timer.stop();
  if (!dialing.fd) failWith(dialing.error);
  return dialing.fd;
}

function connect(dialing: Dialing, addr: string, deadline: i64): void {
  const fd = openConnection(addr, deadline);
  dialing.fd = fd;
  if (!fd) dialing.error = lastError();
  if (dialing.leave(State.Done)) dialing.done.send(true);
  else if (fd) fdClose(fd);
}
