// What the servers here share: reading lines and counted bytes, collecting answers.

import { now, Second } from "skein";
import { Conn } from "skein/net";

/** The longest line, and the most bytes asked for at once, that a client may send. */
const LINE_LIMIT = 1 << 20;
const LIMIT = 256 << 20;
/** What is kept of a large buffer. */
const KEPT = 1 << 20;

/**
 * Reads through a buffer. After false or null the connection has ended, failed, or sent too much. Before it waits it sends what `writer`
 * has collected: so no answer waits for the next request.
 */
export class Reader {
  private buf: Uint8Array = new Uint8Array(4096);
  private start: i32 = 0;
  private end: i32 = 0;

  constructor(
    private conn: Conn,
    private writer: Writer | null = null,
  ) {}

  /** The bytes up to the next line break, without it; valid until the next call. */
  line(): Uint8Array | null {
    const line = this.lineWithEnd();
    if (!line) return null;
    const last = line.length - 1;
    return line.subarray(0, last > 0 && line[last - 1] == 0x0d ? last - 1 : last);
  }

  /** The same with the line break. */
  lineWithEnd(): Uint8Array | null {
    for (let at = this.start; ; at++) {
      if (at == this.end) {
        const scanned = at - this.start;
        if (scanned >= LINE_LIMIT || !this.fill()) return null;
        at = this.start + scanned;
      }
      if (this.buf[at] != 0x0a) continue;
      const line = this.buf.subarray(this.start, at + 1);
      this.start = at + 1;
      return line;
    }
  }

  /** Takes what still comes, for a while: else closing would take the answer back. */
  drain(): void {
    this.conn.closeWrite();
    this.conn.setReadDeadline(now() + Second);
    for (let i = 0; i < 256 && this.conn.read(this.buf) > 0; i++) {}
  }

  /** The next `n` bytes; valid until the next call. */
  bytes(n: i32): Uint8Array | null {
    if (n < 0 || n > LIMIT) return null;
    while (this.end - this.start < n) {
      if (!this.fill()) return null;
    }
    this.start += n;
    return this.buf.subarray(this.start - n, this.start);
  }

  /** At least one of the next `n` bytes. */
  some(n: i32): Uint8Array | null {
    if (this.start == this.end && !this.fill()) return null;
    const from = this.start;
    this.start = min(this.end, from + n);
    return this.buf.subarray(from, this.start);
  }

  /** Reads more; the buffer grows with what has come. */
  private fill(): bool {
    const writer = this.writer;
    if (writer && !writer.flush()) return false;
    if (this.start > 0) {
      this.buf.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    if (this.end == this.buf.length || (this.end == 0 && this.buf.length > KEPT)) {
      const grown = new Uint8Array(this.end == 0 ? 4096 : 2 * this.buf.length);
      grown.set(this.buf.subarray(0, this.end));
      this.buf = grown;
    }
    const got = this.conn.read(this.buf.subarray(this.end));
    if (got > 0) this.end += got;
    return got > 0;
  }
}

/** Collects answers. */
export class Writer {
  private buf: Uint8Array = new Uint8Array(1024);
  private length: i32 = 0;

  constructor(private conn: Conn) {}

  bytes(data: Uint8Array): void {
    const need = this.length + data.length;
    if (need > this.buf.length) {
      const grown = new Uint8Array(max(2 * this.buf.length, need));
      grown.set(this.buf.subarray(0, this.length));
      this.buf = grown;
    }
    this.buf.set(data, this.length);
    this.length = need;
  }

  text(s: string): void {
    this.bytes(Uint8Array.wrap(String.UTF8.encode(s)));
  }

  /** Whether it should go out: a client may send without reading. */
  get isFull(): bool {
    return this.length > KEPT;
  }

  /** Sends what was collected; false if that failed. */
  flush(): bool {
    if (this.length == 0) return true;
    const sent = this.conn.write(this.buf.subarray(0, this.length));
    this.length = 0;
    return sent >= 0;
  }
}

export function decode(bytes: Uint8Array): string {
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}
