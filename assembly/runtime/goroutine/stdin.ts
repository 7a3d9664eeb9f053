/**
 * Standard input, by lines. What has been read and not yet asked for is shared by all goroutines, so each line goes to one
 * of them, whole. Waiting for input blocks an M, not its P.
 *
 * On a goroutine.
 */
import { STDIN_CHUNK } from "../../layout";
import { hostRead } from "../base/imports";
import { decodeUtf8 } from "../base/utf8";
import { Mutex } from "../sync/mutex";
import { opBlock } from "../js/jsgo";
import { malloc, mfree } from "../memory/malloc";
import { HostCall, hostCall } from "./syscall";

const NEWLINE: u8 = 10;
const RETURN: u8 = 13;

const mutex = new Mutex();
/** Bytes read: those in [start, end) have not been asked for. Under `mutex`. */
let buffer = new Uint8Array(STDIN_CHUNK);
let start = 0;
let end = 0;

/** The next line of standard input, without its line break; null at the end of input. What is not UTF-8 is replaced by U+FFFD. */
export function readLine(): string | null {
  mutex.lock();
  let seen = start;
  while (true) {
    while (seen < end && unchecked(buffer[seen]) != NEWLINE) seen++;
    if (seen < end) break;
    const scanned = seen - start;
    const more = fill();
    seen = start + scanned;
    if (!more) break;
  }
  if (start == end) {
    mutex.unlock();
    return null;
  }
  let length = seen - start;
  if (length > 0 && unchecked(buffer[start + length - 1]) == RETURN) length--;
  const line = decodeUtf8(buffer.dataStart + start, length);
  start = min(seen + 1, end);
  mutex.unlock();
  return line;
}

/** Reads more behind what there is; false at the end of input. */
function fill(): bool {
  if (start > 0) {
    buffer.copyWithin(0, start, end);
    end -= start;
    start = 0;
  }
  if (end == buffer.length) {
    const grown = new Uint8Array(2 * end);
    grown.set(buffer);
    buffer = grown;
  }
  const n = readHost(buffer.dataStart + end, buffer.length - end);
  end += n;
  return n > 0;
}

/** Waits for input; returns how many bytes came, 0 at its end. */
function readHost(to: usize, length: i32): i32 {
  const call = changetype<HostCall>(malloc(offsetof<HostCall>()));
  call.a = to;
  call.b = length;
  hostCall(readCall.index, call);
  const n = max(call.result, 0);
  mfree(changetype<usize>(call));
  return n;
}

function readCall(at: usize): void {
  const call = changetype<HostCall>(at);
  opBlock();
  call.result = hostRead(call.a, <i32>call.b);
}

/** Reads `length` bytes at most to `to`, in memory of `malloc` or of C's: first what lines have left; 0 at the end of input. */
export function readInput(to: usize, length: i32): i32 {
  mutex.lock();
  let n = min(length, end - start);
  if (n > 0) {
    memory.copy(to, buffer.dataStart + start, n);
    start += n;
  } else {
    n = readHost(to, length);
  }
  mutex.unlock();
  return n;
}
