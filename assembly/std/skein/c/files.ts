/**
 * Open files and directories of C and of `skein/os`, and the calls about them that the host makes (`host/program/files.ts`). C's sockets
 * are in the same table (`sock.ts`).
 *
 * A descriptor belongs to all goroutines. Whoever uses one holds it meanwhile (`hold`, `letGo`), so that another goroutine which
 * closes it does not pull the system's descriptor, which may become some other file's at once, from under the call: it is given back by the
 * last holder, and its number is free from then on.
 *
 * A file's position is kept here, under a mutex that is held while the file is read or written there: what reads or writes go through one
 * descriptor come after one another, as POSIX wants it. A directory is a name: which of those that the program was given, and a path in
 * it.
 *
 * On a goroutine. The host's calls may block, and hand the P on.
 */
import { hostFile } from "../runtime/base/imports";
import { lock, unlock } from "../runtime/base/lock";
import { HostCall, hostCall } from "../runtime/goroutine/syscall";
import { opBlock } from "../runtime/js/jsgo";
import { malloc, mfree } from "../runtime/memory/malloc";
import { Wait } from "../runtime/net/watch";
import { Mutex } from "../runtime/sync/mutex";
import { FileCall, FileFlag, FileOp, FILES } from "../abi";

/** WASI's numbers. */
export namespace Errno {
  export const Success: i32 = 0;
  export const Access: i32 = 2;
  export const AddrInUse: i32 = 3;
  export const AddrNotAvail: i32 = 4;
  export const AFNoSupport: i32 = 5;
  export const Again: i32 = 6;
  export const Already: i32 = 7;
  export const BadF: i32 = 8;
  export const Busy: i32 = 10;
  export const ConnAborted: i32 = 13;
  export const ConnRefused: i32 = 14;
  export const ConnReset: i32 = 15;
  export const DestAddrReq: i32 = 17;
  export const DQuot: i32 = 19;
  export const Exist: i32 = 20;
  export const FBig: i32 = 22;
  export const HostUnreach: i32 = 23;
  export const InProgress: i32 = 26;
  export const Intr: i32 = 27;
  export const Inval: i32 = 28;
  export const IO: i32 = 29;
  export const IsConn: i32 = 30;
  export const IsDir: i32 = 31;
  export const Loop: i32 = 32;
  export const MFile: i32 = 33;
  export const MsgSize: i32 = 35;
  export const NameTooLong: i32 = 37;
  export const NetDown: i32 = 38;
  export const NetUnreach: i32 = 40;
  export const NFile: i32 = 41;
  export const NoBufs: i32 = 42;
  export const NoEnt: i32 = 44;
  export const NoProtoOpt: i32 = 50;
  export const NoSpc: i32 = 51;
  export const NotConn: i32 = 53;
  export const NotDir: i32 = 54;
  export const NotEmpty: i32 = 55;
  export const NotSock: i32 = 57;
  export const NotSup: i32 = 58;
  export const Perm: i32 = 63;
  export const Pipe: i32 = 64;
  export const ProtoNoSupport: i32 = 66;
  export const RoFS: i32 = 69;
  export const SPipe: i32 = 70;
  export const TimedOut: i32 = 73;
  export const XDev: i32 = 75;
  export const NotCapable: i32 = 76;
}

export namespace FileType {
  export const CharacterDevice: u8 = 2;
  export const Directory: u8 = 3;
  export const RegularFile: u8 = 4;
  export const SocketDgram: u8 = 5;
  export const SocketStream: u8 = 6;
  export const SymbolicLink: u8 = 7;
}

/** WASI's struct filestat. */
@unmanaged
export class Filestat {
  device: u64;
  inode: u64;
  /** One of FileType. */
  type: u8;
  links: u64;
  size: i64;
  /** In ns since 1970. */
  accessed: i64;
  modified: i64;
  changed: i64;
}

export namespace Right {
  export const Read: i64 = 1 << 1;
  export const Write: i64 = 1 << 6;
  export const All: i64 = (1 << 30) - 1;
}

/** The first descriptor behind the standard streams. */
export const FIRST_FD: i32 = 3;

export class Descriptor {
  /** Its number, and the system's; -1 for a directory. */
  slot: i32 = 0;
  fd: i32 = -1;
  /** The number of the open file, which no other ever has. */
  id: i32 = 0;
  /** What it was opened for: FileFlag.Read, Write, Append. */
  access: i32 = 0;
  /** WASI's fdflags. */
  flags: u16 = 0;
  /** A directory that the program was given has a name of its own. */
  guest: string | null = null;
  /** Where a file is read and written next; under `mutex`. */
  offset: i64 = 0;
  mutex: Mutex = new Mutex();
  /** What a directory has in it, as it was read last; under `mutex`. */
  listing: ArrayBuffer | null = null;
  /** How many use it; under the table's mutex, as the next. */
  holders: i32 = 0;
  isClosed: bool = false;

  constructor(
    public type: u8,
    public rights: i64,
    /** Where a directory is: in which of those that the program was given, and its path in that. */
    public root: i32,
    public path: string,
  ) {}

  get isDirectory(): bool {
    return this.type == FileType.Directory;
  }

  get isSocket(): bool {
    return this.type == FileType.SocketStream || this.type == FileType.SocketDgram;
  }

  // What a socket does otherwise (`sock.ts`); a program that has none has none of its code either.

  /** Receives, or sends, the iovecs: how much, or -errno. */
  move(op: i32, iovecs: usize, n: i32): i32 {
    return -Errno.BadF;
  }

  /** Has a wait end once it may be read (or written). */
  awaitIn(wait: Wait, write: bool): void {}

  /** Whether it may be read (or written) without waiting. */
  isReady(write: bool): bool {
    return true;
  }

  /** It is closed, but somebody may still be in a call. */
  interrupt(): void {}

  /** Nobody has it any more. */
  end(): void {}
}

/** How many descriptors there are at most: sockets may have numbers that files do not. */
const DESCRIPTORS: i32 = 1 << 16;

class Table {
  mutex: Mutex = new Mutex();
  slots: StaticArray<Descriptor | null> = new StaticArray<Descriptor | null>(64);
  lastId: i32 = 0;
  /** No number below is free. */
  leastFree: i32 = FIRST_FD;

  /** Gives a descriptor the least number that is free; -1 if none is. */
  add(it: Descriptor): i32 {
    const limit = it.isSocket ? DESCRIPTORS : FILES;
    this.mutex.lock();
    let slot = this.leastFree;
    while (slot < this.slots.length && this.slots[slot]) slot++;
    this.leastFree = slot;
    const isFree = slot < limit;
    if (isFree) {
      if (slot == this.slots.length) this.grow();
      it.slot = slot;
      it.id = ++this.lastId;
      this.slots[slot] = it;
      if (slot < FILES) atomic.store<i32>(open + (slot << 2), it.id);
    }
    this.mutex.unlock();
    return isFree ? slot : -1;
  }

  private grow(): void {
    const before = this.slots;
    const slots = new StaticArray<Descriptor | null>(2 * before.length);
    for (let i = 0; i < before.length; i++) slots[i] = before[i];
    this.slots = slots;
  }

  remove(slot: i32): void {
    this.mutex.lock();
    this.slots[slot] = null;
    this.leastFree = min(this.leastFree, slot);
    if (slot < FILES) {
      atomic.store<i32>(open + (slot << 2), 0);
      atomic.add<i32>(open, 1);
    }
    this.mutex.unlock();
  }
}

/** Gives a descriptor a number: that; -1 if none is free. */
export function publish(it: Descriptor): i32 {
  return table().add(it);
}

/** Numbers of open files by descriptors, for the host; the first counts those that have been closed. */
const open: usize = memory.data(4 * FILES, 4);
/** Guards the making of the table. */
const makeLock: usize = memory.data(sizeof<i32>(), 4);
let made: Table | null = null;

/** The table, with the directories that the program was given, which come first. */
function table(): Table {
  const known = made;
  if (known) return known;
  const fresh = new Table();
  const call = newCall(FileOp.Roots);
  const names = answerOf(call);
  freeCall(call);
  let root = 0;
  let start = 0;
  if (names) {
    for (let i = 0; i < names.byteLength; i++) {
      if (load<u8>(changetype<usize>(names) + i) != 0) continue;
      const it = new Descriptor(FileType.Directory, Right.All, root++, "");
      it.guest = String.UTF8.decodeUnsafe(changetype<usize>(names) + start, i - start);
      fresh.add(it);
      start = i + 1;
    }
  }
  // Several may have come this far: the first one's counts.
  lock(makeLock);
  if (!made) made = fresh;
  unlock(makeLock);
  return made!;
}

/** The open file with a number, which is the caller's until `letGo`; null if there is none. */
export function hold(fd: i32): Descriptor | null {
  if (fd < FIRST_FD) return null;
  const all = table();
  all.mutex.lock();
  let it = fd < all.slots.length ? all.slots[fd] : null;
  if (it && it.isClosed) it = null;
  if (it) it.holders++;
  all.mutex.unlock();
  return it;
}

export function letGo(it: Descriptor): void {
  const all = table();
  all.mutex.lock();
  const isLast = --it.holders == 0 && it.isClosed;
  all.mutex.unlock();
  if (isLast) shut(it);
}

export function close(fd: i32): i32 {
  const it = hold(fd);
  if (!it) return Errno.BadF;
  const all = table();
  all.mutex.lock();
  const isFirst = !it.isClosed;
  it.isClosed = true;
  all.mutex.unlock();
  it.interrupt();
  letGo(it);
  return isFirst ? Errno.Success : Errno.BadF;
}

/** Nobody has a closed descriptor any more. */
function shut(it: Descriptor): void {
  const call = it.fd >= 0 ? callOn(FileOp.Close, it) : null;
  table().remove(it.slot);
  if (call) finish(call);
  it.end();
}

/** Opens `path` in a directory, with FileFlags: its number at `result`. */
export function openIn(directory: Descriptor, path: string, flags: i32, rights: i64, fdflags: u16, result: usize): i32 {
  const it = new Descriptor(FileType.RegularFile, rights, directory.root, "");
  it.flags = fdflags;
  it.access = flags & (FileFlag.Read | FileFlag.Write | FileFlag.Append);
  // It has its number before it is open: no other may have it until the host knows whose it is.
  it.isClosed = true;
  if (table().add(it) < 0) return Errno.MFile;
  const call = callIn(FileOp.Open, directory, path);
  call.flags = flags;
  call.id = it.id;
  call.slot = it.slot;
  const n = make(call);
  it.fd = call.fd;
  freeCall(call);
  if (n < 0) {
    shut(it);
    return -n;
  }
  if (it.fd < 0) {
    it.type = FileType.Directory;
    it.path = below(directory, path);
  }
  const all = table();
  all.mutex.lock();
  it.isClosed = false;
  all.mutex.unlock();
  store<i32>(result, it.slot);
  return Errno.Success;
}

// ---- calls -----------------------------------------------------------------------------------------------------------

/** A path in a directory, seen from the one that the program was given. */
function below(directory: Descriptor, path: string): string {
  return directory.path.length == 0 || path.startsWith("/") || path.length == 0 ? path : directory.path + "/" + path;
}

/** A call, with room for texts. */
function newCall(op: i32, texts: usize = 0): FileCall {
  const size = offsetof<HostCall>() + offsetof<FileCall>();
  const block = malloc(size + texts);
  memory.fill(block, 0, size);
  const call = changetype<FileCall>(block + offsetof<HostCall>());
  call.op = op;
  call.open = open;
  call.fd = -1;
  return call;
}

/** A call on an open file, or on the directory itself that a descriptor stands for. */
export function callOn(op: i32, it: Descriptor): FileCall {
  if (it.isDirectory) return callIn(op, it, ".");
  const call = newCall(op);
  call.fd = it.fd;
  call.id = it.id;
  call.slot = it.slot;
  call.access = it.access;
  return call;
}

/** A call on a path in a directory; and perhaps on another one. */
export function callIn(
  op: i32,
  directory: Descriptor,
  path: string,
  otherDirectory: Descriptor | null = null,
  other: string = "",
): FileCall {
  path = below(directory, path);
  if (otherDirectory) other = below(otherDirectory, other);
  const length = path.length << 1;
  const otherLength = other.length << 1;
  const call = newCall(op, length + otherLength);
  const texts = changetype<usize>(call) + offsetof<FileCall>();
  memory.copy(texts, changetype<usize>(path), length);
  memory.copy(texts + length, changetype<usize>(other), otherLength);
  call.root = directory.root;
  call.path = texts;
  call.pathLength = length;
  call.otherRoot = otherDirectory ? otherDirectory.root : 0;
  call.other = texts + length;
  call.otherLength = otherLength;
  return call;
}

/** Makes a call: its answer, or -errno. The caller frees it, by `freeCall`. */
export function make(call: FileCall): i32 {
  const host = changetype<HostCall>(changetype<usize>(call) - offsetof<HostCall>());
  hostCall(fileCall.index, host);
  return host.result;
}

export function freeCall(call: FileCall): void {
  mfree(changetype<usize>(call) - offsetof<HostCall>());
}

/** Makes a call that says nothing but whether it could: an errno. */
export function finish(call: FileCall): i32 {
  const n = make(call);
  freeCall(call);
  return n < 0 ? -n : Errno.Success;
}

function fileCall(at: usize): void {
  const call = changetype<FileCall>(at + offsetof<HostCall>());
  // This takes longer than others.
  if (call.op == FileOp.Sync) opBlock();
  changetype<HostCall>(at).result = hostFile(at + offsetof<HostCall>());
}

/** Makes a call with an answer of bytes; null, and `count` is the errno, if it fails. The caller frees it. */
export function answerOf(call: FileCall): ArrayBuffer | null {
  const host = changetype<HostCall>(changetype<usize>(call) - offsetof<HostCall>());
  hostCall(answeredCall.index, host);
  if (host.result < 0) {
    call.count = -host.result;
    return null;
  }
  const answer = new ArrayBuffer(host.result);
  memory.copy(changetype<usize>(answer), call.buffer, host.result);
  mfree(call.buffer);
  return answer;
}

/** The answer is kept for the thread that asked, so it is taken in the same call. */
function answeredCall(at: usize): void {
  const call = changetype<FileCall>(at + offsetof<HostCall>());
  const size = hostFile(changetype<usize>(call));
  changetype<HostCall>(at).result = size;
  if (size < 0) return;
  call.op = FileOp.Take;
  call.buffer = malloc(max(size, 1));
  call.count = size;
  hostFile(changetype<usize>(call));
}
