/** The calls of WASI preview 1 on paths, by their names there (see `wasi.ts`). On a goroutine. */
import { answerOf, callIn, Descriptor, Errno, finish, freeCall, hold, letGo, openIn, Right } from "./files";
import { FileCall, FileFlag, FileOp } from "../abi";

/** WASI's lookupflags: a symbolic link at the end of a path is followed. */
const FOLLOW: i32 = 1;
/** Its oflags, which are the first of FileFlag. */
const OFLAGS: i32 = FileFlag.Create | FileFlag.Directory | FileFlag.Exclusive | FileFlag.Truncate;
/** Its fdflags: what is written goes to the end; a file is written through. */
const APPEND: i32 = 1;
const SYNC: i32 = 2 | 16;
const NS_PER_S: f64 = 1e9;

/** The directory that a descriptor stands for, held; where there is none, null, and `errnoOf` says why. */
function holdDirectory(fd: i32): Descriptor | null {
  const it = hold(fd);
  if (!it || it.isDirectory) return it;
  letGo(it);
  return null;
}

/** Why a descriptor is no directory's. */
function errnoOf(fd: i32): i32 {
  const it = hold(fd);
  if (!it) return <u32>fd < 3 ? Errno.NotDir : Errno.BadF;
  letGo(it);
  return Errno.NotDir;
}

function text(at: usize, length: i32): string {
  return String.UTF8.decodeUnsafe(at, length);
}

/** A call on one path, which says nothing but whether it could. */
function on(op: i32, fd: i32, path: usize, length: i32): i32 {
  const directory = holdDirectory(fd);
  if (!directory) return errnoOf(fd);
  const errno = finish(callIn(op, directory, text(path, length)));
  letGo(directory);
  return errno;
}

/** The same on two paths. */
function onTwo(op: i32, flags: i32, fd: i32, path: usize, length: i32, to: i32, other: usize, otherLength: i32): i32 {
  const from = holdDirectory(fd);
  if (!from) return errnoOf(fd);
  const into = holdDirectory(to);
  let errno: i32;
  if (into) {
    const call = callIn(op, from, text(path, length), into, text(other, otherLength));
    call.flags = flags & FOLLOW ? FileFlag.Follow : 0;
    errno = finish(call);
    letGo(into);
  } else {
    errno = errnoOf(to);
  }
  letGo(from);
  return errno;
}

export function path_open(
  fd: i32,
  lookup: i32,
  path: usize,
  length: i32,
  oflags: i32,
  rights: i64,
  inheriting: i64,
  fdflags: i32,
  result: usize,
): i32 {
  const directory = holdDirectory(fd);
  if (!directory) return errnoOf(fd);
  let flags = oflags & OFLAGS;
  if (lookup & FOLLOW) flags |= FileFlag.Follow;
  if (rights & Right.Read) flags |= FileFlag.Read;
  if (rights & Right.Write) flags |= FileFlag.Write;
  if (fdflags & APPEND) flags |= FileFlag.Append;
  if (fdflags & SYNC) flags |= FileFlag.Sync;
  const errno = openIn(directory, text(path, length), flags, rights, <u16>fdflags, result);
  letGo(directory);
  return errno;
}

export function path_filestat_get(fd: i32, lookup: i32, path: usize, length: i32, stat: usize): i32 {
  const directory = holdDirectory(fd);
  if (!directory) return errnoOf(fd);
  const call = callIn(FileOp.Stat, directory, text(path, length));
  if (lookup & FOLLOW) call.flags = FileFlag.Follow;
  call.buffer = stat;
  const errno = finish(call);
  letGo(directory);
  return errno;
}

/** Has a call set times, in nanoseconds. */
export function setTimes(call: FileCall, accessed: i64, modified: i64, fstflags: i32): void {
  call.accessed = <f64>accessed / NS_PER_S;
  call.modified = <f64>modified / NS_PER_S;
  call.flags |= fstflags;
}

export function path_filestat_set_times(
  fd: i32,
  lookup: i32,
  path: usize,
  length: i32,
  accessed: i64,
  modified: i64,
  fstflags: i32,
): i32 {
  const directory = holdDirectory(fd);
  if (!directory) return errnoOf(fd);
  const call = callIn(FileOp.SetTimes, directory, text(path, length));
  if (lookup & FOLLOW) call.flags = FileFlag.Follow;
  setTimes(call, accessed, modified, fstflags);
  const errno = finish(call);
  letGo(directory);
  return errno;
}

export function path_create_directory(fd: i32, path: usize, length: i32): i32 {
  return on(FileOp.MakeDirectory, fd, path, length);
}

export function path_remove_directory(fd: i32, path: usize, length: i32): i32 {
  return on(FileOp.RemoveDirectory, fd, path, length);
}

export function path_unlink_file(fd: i32, path: usize, length: i32): i32 {
  return on(FileOp.Unlink, fd, path, length);
}

export function path_rename(fd: i32, path: usize, length: i32, to: i32, other: usize, otherLength: i32): i32 {
  return onTwo(FileOp.Rename, 0, fd, path, length, to, other, otherLength);
}

export function path_link(
  fd: i32,
  lookup: i32,
  path: usize,
  length: i32,
  to: i32,
  other: usize,
  otherLength: i32,
): i32 {
  return onTwo(FileOp.Link, lookup, fd, path, length, to, other, otherLength);
}

/** A program makes no symbolic links (`host/program/sandbox.ts`). */
export function path_symlink(target: usize, targetLength: i32, fd: i32, path: usize, length: i32): i32 {
  return Errno.NotSup;
}

export function path_readlink(fd: i32, path: usize, length: i32, to: usize, capacity: i32, result: usize): i32 {
  const directory = holdDirectory(fd);
  if (!directory) return errnoOf(fd);
  const call = callIn(FileOp.ReadLink, directory, text(path, length));
  const answer = answerOf(call);
  const errno = answer ? Errno.Success : call.count;
  freeCall(call);
  letGo(directory);
  if (!answer) return errno;
  const n = min(answer.byteLength, capacity);
  memory.copy(to, changetype<usize>(answer), n);
  store<i32>(result, n);
  return Errno.Success;
}
