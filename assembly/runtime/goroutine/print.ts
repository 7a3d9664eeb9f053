/**
 * Output. Each goroutine collects its unfinished line; what ends in a line break goes out in one piece, so lines of different
 * goroutines never mix, and one goroutine's lines keep their order. What is unfinished when a goroutine or the program
 * ends goes out then. `sched.printLock` admits one writer at a time; once the program is ending, nobody else's output.
 *
 * On a goroutine; `flushOutput` on g0, and `flushAll` also on the main thread.
 */
import { LINE_MAX } from "../../layout";
import { hostWrite } from "../base/imports";
import { lock, unlock } from "../base/lock";
import { malloc, mfree, mallocSize } from "../memory/malloc";
import { g, m } from "../base/registers";
import { G, ProgramState, addressOf, sched } from "../../abi";
import { HostCall, hostCall } from "./syscall";

const NEWLINE: u8 = 10;

/** An unfinished line: UTF-8 bytes after a length. */
@unmanaged
class LineBuffer {
  length: u32;
  cap: u32;
}


@inline
function bytesOf(line: LineBuffer): usize {
  return changetype<usize>(line) + offsetof<LineBuffer>();
}

/** Writes a string to standard output. */
export function print(s: string): void {
  g.owes = true;
  g.out = write(1, g.out, s, false);
}

/** Writes a string and a line break to standard output. */
export function println(s: string = ""): void {
  g.owes = true;
  g.out = write(1, g.out, s, true);
}

/** Writes a string and a line break to standard error. */
export function eprintln(s: string = ""): void {
  g.owes = true;
  g.err = write(2, g.err, s, true);
}

/** Writes a string to standard error. */
export function eprint(s: string): void {
  g.owes = true;
  g.err = write(2, g.err, s, false);
}

/** Writes bytes to standard output (1) or standard error (2), in their order with the texts that this goroutine writes. */
export function printBytes(fd: i32, from: usize, length: i32): void {
  g.owes = true;
  const buffer = fd == 1 ? g.out : g.err;
  const have = unfinished(buffer);
  const line = withRoom(buffer, have, length);
  memory.copy(bytesOf(line) + have, from, length);
  const left = finish(fd, line, have, have + length);
  if (fd == 1) g.out = left;
  else g.err = left;
}

/** Appends to a goroutine's unfinished line, puts out what is finished, and returns the buffer. */
function write(fd: i32, buffer: usize, s: string, newline: bool): usize {
  const have = unfinished(buffer);
  // UTF-16 takes at most three bytes of UTF-8 a unit.
  const line = withRoom(buffer, have, <u32>s.length * 3 + 1);
  const bytes = bytesOf(line);
  let end = have + <u32>String.UTF8.encodeUnsafe(changetype<usize>(s), s.length, bytes + have);
  if (newline) store<u8>(bytes + end++, NEWLINE);
  return finish(fd, line, have, end);
}

/** How long the line in a buffer is so far. */
function unfinished(buffer: usize): u32 {
  return buffer == 0 ? 0 : changetype<LineBuffer>(buffer).length;
}

/** The buffer, or a larger one in its place. */
function withRoom(buffer: usize, have: u32, need: u32): LineBuffer {
  const line = changetype<LineBuffer>(buffer);
  if (buffer != 0 && have + need <= line.cap) return line;
  const block = malloc(max<usize>(have + need + offsetof<LineBuffer>(), 128));
  const grown = changetype<LineBuffer>(block);
  grown.cap = <u32>(mallocSize(block) - offsetof<LineBuffer>());
  grown.length = have;
  memory.copy(bytesOf(grown), bytesOf(line), have);
  mfree(buffer);
  return grown;
}

/** Puts out the lines that are finished now; what was there before, `have` bytes, holds no line break. */
function finish(fd: i32, line: LineBuffer, have: u32, end: u32): usize {
  const bytes = bytesOf(line);
  let done = end;
  while (done > have && load<u8>(bytes + done - 1) != NEWLINE) done--;
  if (done == have) done = end >= <u32>LINE_MAX ? end : 0;
  if (done > 0) {
    emit(fd, bytes, done);
    const rest = end - done;
    if (rest == 0) {
      mfree(changetype<usize>(line));
      return 0;
    }
    memory.copy(bytes, bytes + done, rest);
    end = rest;
  }
  line.length = end;
  return changetype<usize>(line);
}

/** Writes whole lines. A reader that is slow blocks this M, not its P. */
export function emit(fd: i32, bytes: usize, length: u32): void {
  const call = changetype<HostCall>(malloc(offsetof<HostCall>()));
  call.a = bytes;
  call.b = length;
  call.result = fd;
  hostCall(writeCall.index, call);
  mfree(changetype<usize>(call));
}

function writeCall(at: usize): void {
  const call = changetype<HostCall>(at);
  lock(addressOf(sched.printLock));
  if (atomic.load<i32>(addressOf(sched.state)) == ProgramState.Running && m.curg!.epoch == sched.epoch)
    hostWrite(call.result, call.a, <i32>call.b);
  unlock(addressOf(sched.printLock));
}

/** A goroutine has ended: puts out its unfinished lines, unless its program has. Runs on the scheduler's stack. */
export function flushOutput(gp: G): void {
  lock(addressOf(sched.printLock));
  if (atomic.load<i32>(addressOf(sched.state)) == ProgramState.Running && gp.epoch == sched.epoch) writeLines(gp);
  unlock(addressOf(sched.printLock));
  mfree(gp.out);
  mfree(gp.err);
  gp.out = 0;
  gp.err = 0;
}

/** Writes a goroutine's unfinished lines; the buffers stay its own. Under printLock. */
function writeLines(gp: G): void {
  const out = gp.out;
  if (out != 0) hostWrite(1, bytesOf(changetype<LineBuffer>(out)), changetype<LineBuffer>(out).length);
  const err = gp.err;
  if (err != 0) hostWrite(2, bytesOf(changetype<LineBuffer>(err)), changetype<LineBuffer>(err).length);
}

/**
 * The program ends: puts out the unfinished lines of all its goroutines, those of the current one last. Goroutines that
 * are running elsewhere at this moment may still be adding to theirs; as with any program that ends while others print,
 * that text may or may not be seen, but the length is written last, so none of it is garbage.
 */
export function flushAll(): void {
  lock(addressOf(sched.printLock));
  flushAllLocked();
  unlock(addressOf(sched.printLock));
}

/** The same when main has returned: begins a new epoch in the same step, so that nobody's line goes out a second time. */
export function flushAndEndEpoch(): void {
  lock(addressOf(sched.printLock));
  flushAllLocked();
  sched.epoch++;
  unlock(addressOf(sched.printLock));
}

function flushAllLocked(): void {
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    if (gp != g && (gp.out | gp.err) != 0 && gp.epoch == sched.epoch) writeLines(gp);
    gp = gp.alllink;
  }
  if (changetype<usize>(g) != 0) writeLines(g);
}
