/**
 * The connections of a loop that have something to do, each once (`listed`), in the order in which that came up.
 *
 * On the loop's goroutine.
 */
import { Conn } from "./conn";

export class Worklist {
  /** How many there are. */
  length: i32 = 0;
  private first: Conn | null = null;
  private last: Conn | null = null;

  add(conn: Conn): void {
    if (conn.listed) return;
    conn.listed = true;
    conn.next = null;
    const last = this.last;
    if (last) last.next = conn;
    else this.first = conn;
    this.last = conn;
    this.length++;
  }

  /** The one that has been there longest; there must be one. */
  take(): Conn {
    const conn = this.first!;
    this.first = conn.next;
    if (!this.first) this.last = null;
    conn.next = null;
    conn.listed = false;
    this.length--;
    return conn;
  }
}
