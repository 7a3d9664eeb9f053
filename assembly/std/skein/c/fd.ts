/**
 * The calls of WASI preview 1 on descriptors, by their names there (see `wasi.ts`): the standard streams, and files and directories
 * (`files.ts`). On a goroutine.
 */
import { emit } from "../runtime/goroutine/print";
import { readInput } from "../runtime/goroutine/stdin";
import { malloc, mfree } from "../runtime/memory/malloc";
import { setTimes } from "./path";
import {
  answerOf,
  callOn,
  close,
  Descriptor,
  Errno,
  Filestat,
  FileType,
  finish,
  FIRST_FD,
  freeCall,
  hold,
  letGo,
  make,
  Right,
} from "./files";
import { FileOp } from "../abi";


@inline
function isStandard(fd: i32): bool {
  return <u32>fd < <u32>FIRST_FD;
}

// ---- reading and writing ---------------------------------------------------------------------------------------------

// struct iovec
const IOVEC_BYTES: i32 = 8;
/** WASI's fdflags: what is written goes to the end. */
const APPEND: u16 = 1;
/** And this one of a socket: what would wait fails. */
const NONBLOCK: u16 = 4;

/** Reads or writes a file at `offset`, its end if that is negative; how much at `done`, and where that ends at `end`. */
function transfer(op: i32, it: Descriptor, iovecs: usize, n: i32, offset: i64, done: usize, end: usize): i32 {
  if (it.isDirectory) return op == FileOp.Read ? Errno.IsDir : Errno.BadF;
  if (n < 0) return Errno.Inval;
  const call = callOn(op, it);
  call.buffer = iovecs;
  call.count = n;
  call.offset = <f64>offset;
  const result = make(call);
  const at = <i64>call.offset;
  freeCall(call);
  if (result < 0) return -result;
  store<i32>(done, result);
  if (end != 0) store<i64>(end, at + result);
  return Errno.Success;
}

/** The same at the file's own position, which moves along. */
function transferOn(op: i32, fd: i32, iovecs: usize, n: i32, done: usize): i32 {
  const it = hold(fd);
  if (!it) return Errno.BadF;
  if (it.isSocket) {
    const result = n < 0 ? -Errno.Inval : it.move(op, iovecs, n);
    letGo(it);
    if (result < 0) return -result;
    store<i32>(done, result);
    return Errno.Success;
  }
  it.mutex.lock();
  const isAppended = op == FileOp.Write && (it.flags & APPEND) != 0;
  const errno = transfer(
    op,
    it,
    iovecs,
    n,
    isAppended ? -1 : it.offset,
    done,
    changetype<usize>(it) + offsetof<Descriptor>("offset"),
  );
  it.mutex.unlock();
  letGo(it);
  return errno;
}

/** The same at a position that the caller names, and which the file's own does not follow. */
function transferAt(op: i32, fd: i32, iovecs: usize, n: i32, offset: i64, done: usize): i32 {
  if (isStandard(fd)) return Errno.SPipe;
  const it = hold(fd);
  if (!it) return Errno.BadF;
  let errno = Errno.Inval;
  if (it.isSocket) errno = Errno.SPipe;
  else if (offset >= 0) errno = transfer(op, it, iovecs, n, offset, done, 0);
  letGo(it);
  return errno;
}

export function fd_write(fd: i32, iovecs: usize, n: i32, written: usize): i32 {
  if (!isStandard(fd)) return transferOn(FileOp.Write, fd, iovecs, n, written);
  if (fd == 0) return Errno.BadF;
  let size: usize = 0;
  for (let i = 0; i < n; i++) size += load<usize>(iovecs + i * IOVEC_BYTES, 4);
  if (size != 0) {
    // In one piece, so that what others write comes before it or after it.
    const block = malloc(size);
    let at = block;
    for (let i = 0; i < n; i++) {
      const length = load<usize>(iovecs + i * IOVEC_BYTES, 4);
      memory.copy(at, load<usize>(iovecs + i * IOVEC_BYTES), length);
      at += length;
    }
    emit(fd, block, size);
    mfree(block);
  }
  store<usize>(written, size);
  return Errno.Success;
}

export function fd_read(fd: i32, iovecs: usize, n: i32, read: usize): i32 {
  if (!isStandard(fd)) return transferOn(FileOp.Read, fd, iovecs, n, read);
  if (fd != 0) return Errno.BadF;
  // Into the first that has room: there may be no more.
  while (n > 1 && load<i32>(iovecs, 4) == 0) {
    iovecs += IOVEC_BYTES;
    n--;
  }
  const length = n > 0 ? load<i32>(iovecs, 4) : 0;
  store<usize>(read, length == 0 ? 0 : readInput(load<usize>(iovecs), length));
  return Errno.Success;
}

export function fd_pread(fd: i32, iovecs: usize, n: i32, offset: i64, read: usize): i32 {
  return transferAt(FileOp.Read, fd, iovecs, n, offset, read);
}

export function fd_pwrite(fd: i32, iovecs: usize, n: i32, offset: i64, written: usize): i32 {
  return transferAt(FileOp.Write, fd, iovecs, n, offset, written);
}

// ---- positions and sizes ---------------------------------------------------------------------------------------------

namespace Whence {
  export const Set: i32 = 0;
  export const Current: i32 = 1;
  export const End: i32 = 2;
}

/** The size of an open file, or -errno. */
function sizeOf(it: Descriptor): i64 {
  const stat = malloc(offsetof<Filestat>());
  const call = callOn(FileOp.Stat, it);
  call.buffer = stat;
  const errno = finish(call);
  const size = errno == 0 ? changetype<Filestat>(stat).size : -errno;
  mfree(stat);
  return size;
}

export function fd_seek(fd: i32, offset: i64, whence: i32, position: usize): i32 {
  if (isStandard(fd)) return Errno.SPipe;
  const it = hold(fd);
  if (!it) return Errno.BadF;
  it.mutex.lock();
  let errno = Errno.Success;
  let from: i64 = 0;
  if (it.isDirectory) errno = Errno.BadF;
  else if (it.isSocket) errno = Errno.SPipe;
  else if (<u32>whence > <u32>Whence.End) errno = Errno.Inval;
  else if (whence == Whence.Current) from = it.offset;
  else if (whence == Whence.End) from = sizeOf(it);
  if (from < 0) errno = <i32>-from;
  else if (errno == 0 && from + offset < 0) errno = Errno.Inval;
  if (errno == 0) {
    it.offset = from + offset;
    store<i64>(position, it.offset);
  }
  it.mutex.unlock();
  letGo(it);
  return errno;
}

export function fd_tell(fd: i32, position: usize): i32 {
  return fd_seek(fd, 0, Whence.Current, position);
}

export function fd_filestat_set_size(fd: i32, size: i64): i32 {
  const it = hold(fd);
  if (!it) return Errno.BadF;
  const errno = it.type != FileType.RegularFile || size < 0 ? Errno.Inval : setSize(it, size);
  letGo(it);
  return errno;
}

function setSize(it: Descriptor, size: i64): i32 {
  const call = callOn(FileOp.SetSize, it);
  call.offset = <f64>size;
  return finish(call);
}

/** Sees to it that the file is that long. */
export function fd_allocate(fd: i32, offset: i64, length: i64): i32 {
  if (offset < 0 || length <= 0) return Errno.Inval;
  const it = hold(fd);
  if (!it) return Errno.BadF;
  let errno = Errno.Inval;
  if (it.type == FileType.RegularFile) {
    const size = sizeOf(it);
    errno = size < 0 ? <i32>-size : size < offset + length ? setSize(it, offset + length) : Errno.Success;
  }
  letGo(it);
  return errno;
}

/** Advice is taken as read. */
export function fd_advise(fd: i32, offset: i64, length: i64, advice: i32): i32 {
  return isOpen(fd) ? Errno.Success : Errno.BadF;
}

function isOpen(fd: i32): bool {
  if (isStandard(fd)) return true;
  const it = hold(fd);
  if (it) letGo(it);
  return it != null;
}

export function fd_sync(fd: i32): i32 {
  return sync(fd, false);
}

export function fd_datasync(fd: i32): i32 {
  return sync(fd, true);
}

function sync(fd: i32, isData: bool): i32 {
  if (isStandard(fd)) return Errno.Inval;
  const it = hold(fd);
  if (!it) return Errno.BadF;
  let errno = it.isSocket ? Errno.Inval : Errno.Success;
  if (it.type == FileType.RegularFile) {
    const call = callOn(FileOp.Sync, it);
    call.flags = isData ? 1 : 0;
    errno = finish(call);
  }
  letGo(it);
  return errno;
}

export function fd_close(fd: i32): i32 {
  return isStandard(fd) ? Errno.Success : close(fd);
}

/** Descriptors keep their numbers: what duplicates them (dup2) is not in libc. */
export function fd_renumber(fd: i32, to: i32): i32 {
  return isOpen(fd) && isOpen(to) ? Errno.NotSup : Errno.BadF;
}

// ---- what is known of descriptors ------------------------------------------------------------------------------------

// struct fdstat: type, flags, rights, rights of what is opened in it
const FDSTAT_BYTES: i32 = 24;
const FDSTAT_FLAGS: usize = 2;
const FDSTAT_RIGHTS: usize = 8;
const FDSTAT_INHERITING: usize = 16;

/** Standard input and output pass for a terminal, which makes libc put out line by line: many goroutines share them. */
export function fd_fdstat_get(fd: i32, stat: usize): i32 {
  const it = hold(fd);
  if (!it && !isStandard(fd)) return Errno.BadF;
  memory.fill(stat, 0, FDSTAT_BYTES);
  if (it) {
    store<u8>(stat, it.type);
    store<u16>(stat, it.flags, FDSTAT_FLAGS);
    store<i64>(stat, it.rights, FDSTAT_RIGHTS);
    if (it.isDirectory) store<i64>(stat, Right.All, FDSTAT_INHERITING);
    letGo(it);
  } else {
    store<u8>(stat, FileType.CharacterDevice);
    store<i64>(stat, fd == 0 ? Right.Read : Right.Write, FDSTAT_RIGHTS);
  }
  return Errno.Success;
}

export function fd_fdstat_set_flags(fd: i32, flags: i32): i32 {
  if (isStandard(fd)) return Errno.NotSup;
  const it = hold(fd);
  if (!it) return Errno.BadF;
  // What it was opened with stays, but for this one, which is dealt with here.
  const own = it.isSocket ? NONBLOCK : APPEND;
  it.flags = (it.flags & ~own) | ((<u16>flags) & own);
  letGo(it);
  return Errno.Success;
}

export function fd_filestat_get(fd: i32, stat: usize): i32 {
  if (isStandard(fd)) return statOfStream(stat, FileType.CharacterDevice);
  const it = hold(fd);
  if (!it) return Errno.BadF;
  if (it.isSocket) {
    letGo(it);
    return statOfStream(stat, it.type);
  }
  const call = callOn(FileOp.Stat, it);
  call.buffer = stat;
  const errno = finish(call);
  letGo(it);
  return errno;
}

function statOfStream(stat: usize, type: u8): i32 {
  memory.fill(stat, 0, offsetof<Filestat>());
  changetype<Filestat>(stat).type = type;
  return Errno.Success;
}

export function fd_filestat_set_times(fd: i32, accessed: i64, modified: i64, fstflags: i32): i32 {
  const it = hold(fd);
  if (!it) return Errno.BadF;
  let errno = Errno.Inval;
  if (!it.isSocket) {
    const call = callOn(FileOp.SetTimes, it);
    setTimes(call, accessed, modified, fstflags);
    errno = finish(call);
  }
  letGo(it);
  return errno;
}

// ---- directories -----------------------------------------------------------------------------------------------------

/**
 * Copies entries of a directory, from a place in what was read of it when somebody asked from the beginning: so a program that
 * removes what it finds misses nothing.
 */
export function fd_readdir(fd: i32, to: usize, capacity: i32, cookie: i64, used: usize): i32 {
  const it = hold(fd);
  if (!it) return isStandard(fd) ? Errno.NotDir : Errno.BadF;
  it.mutex.lock();
  let errno = it.isDirectory ? Errno.Success : Errno.NotDir;
  if (errno == 0 && (cookie == 0 || !it.listing)) {
    const call = callOn(FileOp.List, it);
    it.listing = answerOf(call);
    if (!it.listing) errno = call.count;
    freeCall(call);
  }
  const listing = it.listing;
  it.mutex.unlock();
  letGo(it);
  if (errno != 0) return errno;
  if (cookie < 0 || cookie > listing!.byteLength) return Errno.Inval;
  const n = min(capacity, listing!.byteLength - <i32>cookie);
  memory.copy(to, changetype<usize>(listing) + <usize>cookie, n);
  store<i32>(used, n);
  return Errno.Success;
}

const PRESTAT_NAME: usize = 4;

/** Which directories the program was given: libc asks for 3, 4 and so on until there is none. */
export function fd_prestat_get(fd: i32, stat: usize): i32 {
  const name = guestName(fd);
  if (!name) return Errno.BadF;
  store<i32>(stat, 0); // a directory
  store<i32>(stat, name.byteLength, PRESTAT_NAME);
  return Errno.Success;
}

export function fd_prestat_dir_name(fd: i32, to: usize, length: i32): i32 {
  const name = guestName(fd);
  if (!name) return Errno.BadF;
  if (length < name.byteLength) return Errno.Inval;
  memory.copy(to, changetype<usize>(name), name.byteLength);
  return Errno.Success;
}

function guestName(fd: i32): ArrayBuffer | null {
  const it = hold(fd);
  if (!it) return null;
  const guest = it.guest;
  letGo(it);
  return guest ? String.UTF8.encode(guest) : null;
}
