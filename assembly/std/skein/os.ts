/**
 * `import { … } from "skein/os"`: files, directories and the standard streams, after Go's `os`.
 *
 *     const text = readText("notes.txt");
 *     if (text === null) eprintln(ioError().message);       // open notes.txt: no such file or directory
 *     const failed = writeFile("copy.txt", utf8(text!));    // an Error, or null
 *
 * What gives something gives null (or -1) where it failed, and `ioError` says why; what gives nothing else gives the error itself, or null.
 *
 * A program has the directories that `skein run --dir` names, under the names given there, and no other: `--dir .` for this one, `--dir /` for all. No path
 * and no link leads out of them.
 *
 * A call blocks neither its M's P nor other goroutines. On a goroutine.
 */
import { FileFlag, FileOp } from "./abi";
import { printBytes } from "./runtime/goroutine/print";
import { readInput } from "./runtime/goroutine/stdin";
import { malloc, mfree } from "./runtime/memory/malloc";
import {
  fd_close,
  fd_filestat_get,
  fd_filestat_set_size,
  fd_pread,
  fd_pwrite,
  fd_read,
  fd_seek,
  fd_sync,
  fd_write,
} from "./c/fd";
import { callIn, Errno, Filestat, FileType, finish, letGo, openIn, Right } from "./c/files";
import { decodeUtf8 } from "./runtime/base/utf8";
import { utf8 } from "./encoding";
import { ioError, readAll, Reader, Writer } from "./io";
import { answerOn, callOnPath, callOnTwo, errorOf, failed, isExist, isNotExist, placeOf } from "./os/paths";
export { isExist, isNotExist } from "./os/paths";
export { args, env, exit } from "./runtime/goroutine/program";
export { ioError };

/** For `openFile`, joined by `|`. */
export const O_RDONLY: i32 = FileFlag.Read;
export const O_WRONLY: i32 = FileFlag.Write;
export const O_RDWR: i32 = FileFlag.Read | FileFlag.Write;
export const O_APPEND: i32 = FileFlag.Append;
export const O_CREATE: i32 = FileFlag.Create;
export const O_EXCL: i32 = FileFlag.Exclusive;
export const O_TRUNC: i32 = FileFlag.Truncate;
export const O_SYNC: i32 = FileFlag.Sync;

/** For `File.seek`: from the beginning, from where the file is read next, from its end. */
export const SEEK_SET: i32 = 0;
export const SEEK_CUR: i32 = 1;
export const SEEK_END: i32 = 2;

// ---- files -----------------------------------------------------------------------------------------------------------

/** Bytes that are read at once, at most: they are copied. */
const AT_ONCE: i32 = 1 << 20;
/** An iovec, and where the number of bytes goes. */
const HEAD: usize = 16;
const DONE: usize = 8;

/** An open file. Any number of goroutines may use it; those that read or write where it stands take turns. */
export class File implements Reader, Writer {
  constructor(
    private readonly fd: i32,
    /** The path that it was opened by. */
    readonly name: string,
  ) {}

  /** Reads what comes next: the number of bytes, 0 at the end, -1 if it failed. */
  read(buf: Uint8Array): i32 {
    return this.transfer("read", buf, -1);
  }

  /** Reads at a position of the file. */
  readAt(buf: Uint8Array, offset: i64): i32 {
    return this.transfer("read", buf, max(offset, 0));
  }

  /** Writes all of `buf`: its length, or -1 if it failed. */
  write(buf: Uint8Array): i32 {
    return this.transfer("write", buf, -1);
  }

  /** Writes at a position of the file. */
  writeAt(buf: Uint8Array, offset: i64): i32 {
    return this.transfer("write", buf, max(offset, 0));
  }

  /** Writes a text in UTF-8: the number of bytes, or -1 if it failed. */
  writeString(text: string): i32 {
    return this.write(utf8(text));
  }

  private transfer(operation: string, buf: Uint8Array, offset: i64): i32 {
    const isRead = operation == "read";
    const n = isRead ? min(buf.length, AT_ONCE) : buf.length;
    // What the host reads or writes must be kept by more than this goroutine, which is unwound meanwhile.
    const block = malloc(HEAD + n);
    const bytes = block + HEAD;
    store<usize>(block, bytes);
    store<i32>(block, n, sizeof<usize>());
    if (!isRead) memory.copy(bytes, buf.dataStart, n);
    let errno: i32;
    if (offset < 0)
      errno = isRead ? fd_read(this.fd, block, 1, block + DONE) : fd_write(this.fd, block, 1, block + DONE);
    else if (isRead) errno = fd_pread(this.fd, block, 1, offset, block + DONE);
    else errno = fd_pwrite(this.fd, block, 1, offset, block + DONE);
    const done = errno == Errno.Success ? load<i32>(block, DONE) : -1;
    if (isRead && done > 0) memory.copy(buf.dataStart, bytes, done);
    mfree(block);
    if (errno == Errno.Success && !isRead && done < n) errno = 29;
    if (errno == Errno.Success) return done;
    failed(operation, this.name, errno);
    return -1;
  }

  /** Has the file go on there: the position, -1 if it failed. */
  seek(offset: i64, whence: i32 = SEEK_SET): i64 {
    const block = malloc(sizeof<i64>());
    const errno = fd_seek(this.fd, offset, whence, block);
    const position = load<i64>(block);
    mfree(block);
    if (errno == Errno.Success) return position;
    failed("seek", this.name, errno);
    return -1;
  }

  stat(): FileInfo | null {
    const block = malloc(offsetof<Filestat>());
    const errno = fd_filestat_get(this.fd, block);
    return infoOf(this.name, block, errno);
  }

  truncate(size: i64): Error | null {
    return errorOf("truncate", this.name, fd_filestat_set_size(this.fd, size));
  }

  /** Waits until all of it is on the disk. */
  sync(): Error | null {
    return errorOf("sync", this.name, fd_sync(this.fd));
  }

  close(): Error | null {
    return errorOf("close", this.name, fd_close(this.fd));
  }
}

/** Opens a file to read it. */
export function open(path: string): File | null {
  return openFile(path, O_RDONLY);
}

/** Makes a file, or empties the one that there is, to read and write it. */
export function create(path: string): File | null {
  return openFile(path, O_RDWR | O_CREATE | O_TRUNC);
}

/** Opens a file as the flags say, `O_WRONLY | O_APPEND | O_CREATE`. */
export function openFile(path: string, flags: i32): File | null {
  const place = placeOf(path);
  let errno = Errno.NoEnt;
  let fd = -1;
  if (place) {
    const block = malloc(sizeof<i32>());
    const rights = (flags & FileFlag.Read ? Right.Read : 0) | (flags & FileFlag.Write ? Right.Write : 0);
    const fdflags: u16 = flags & FileFlag.Append ? 1 : 0;
    errno = openIn(place.directory, place.path, flags | FileFlag.Follow, rights, fdflags, block);
    fd = load<i32>(block);
    mfree(block);
    letGo(place.directory);
  }
  if (errno == Errno.Success) return new File(fd, path);
  failed("open", path, errno);
  return null;
}

/** All of a file. */
export function readFile(path: string): Uint8Array | null {
  const file = open(path);
  if (!file) return null;
  const bytes = readAll(file);
  file.close();
  return bytes;
}

/** All of a file as a text; what is not UTF-8 in it is replaced by U+FFFD. */
export function readText(path: string): string | null {
  const bytes = readFile(path);
  return bytes ? decodeUtf8(bytes.dataStart, bytes.length) : null;
}

/** Makes a file of these bytes, in place of the one that there is. */
export function writeFile(path: string, bytes: Uint8Array): Error | null {
  const file = openFile(path, O_WRONLY | O_CREATE | O_TRUNC);
  if (!file) return ioError();
  const error = file.write(bytes) < 0 ? ioError() : null;
  const closing = file.close();
  return error ? error : closing;
}

/** The same with a text, in UTF-8. */
export function writeText(path: string, text: string): Error | null {
  return writeFile(path, utf8(text));
}

// ---- what is known of files ------------------------------------------------------------------------------------------

export class FileInfo {
  constructor(
    /** The last part of its path. */
    readonly name: string,
    private readonly type: u8,
    /** In bytes. */
    readonly size: i64,
    /** When it was changed last, in nanoseconds since 1970. */
    readonly modified: i64,
  ) {}

  get isDir(): bool {
    return this.type == FileType.Directory;
  }

  get isRegular(): bool {
    return this.type == FileType.RegularFile;
  }

  get isLink(): bool {
    return this.type == FileType.SymbolicLink;
  }
}

/** Takes the block of a filestat. */
function infoOf(path: string, block: usize, errno: i32): FileInfo | null {
  const found = changetype<Filestat>(block);
  const info = errno == Errno.Success ? new FileInfo(baseOf(path), found.type, found.size, found.modified) : null;
  mfree(block);
  if (info) return info;
  failed("stat", path, errno);
  return null;
}

/** The last part of a path. */
function baseOf(path: string): string {
  while (path.length > 1 && path.endsWith("/")) path = path.slice(0, -1);
  return path.substring(path.lastIndexOf("/") + 1);
}

/** What a path leads to; links are followed. */
export function stat(path: string): FileInfo | null {
  return statOf(path, FileFlag.Follow);
}

/** The same of a link itself. */
export function lstat(path: string): FileInfo | null {
  return statOf(path, 0);
}

function statOf(path: string, flags: i32): FileInfo | null {
  const place = placeOf(path);
  const block = malloc(offsetof<Filestat>());
  let errno = Errno.NoEnt;
  if (place) {
    const call = callIn(FileOp.Stat, place.directory, place.path);
    call.flags = flags;
    call.buffer = block;
    errno = finish(call);
    letGo(place.directory);
  }
  return infoOf(path, block, errno);
}

// ---- directories -----------------------------------------------------------------------------------------------------

/** What a directory has in it. */
export class DirEntry {
  constructor(
    readonly name: string,
    private readonly type: u8,
  ) {}

  get isDir(): bool {
    return this.type == FileType.Directory;
  }

  get isLink(): bool {
    return this.type == FileType.SymbolicLink;
  }
}

// struct dirent: where the next one is, inode, length of the name, type
const DIRENT_BYTES: usize = 24;
const DIRENT_LENGTH: usize = 16;
const DIRENT_TYPE: usize = 20;

/** What is in a directory, by name. */
export function readDir(path: string): DirEntry[] | null {
  const listing = answerOn(FileOp.List, "open", path);
  if (!listing) return null;
  const entries: DirEntry[] = [];
  const end = changetype<usize>(listing) + listing.byteLength;
  for (let at = changetype<usize>(listing); at < end;) {
    const length = load<i32>(at, DIRENT_LENGTH);
    const name = decodeUtf8(at + DIRENT_BYTES, length);
    if (name != "." && name != "..") entries.push(new DirEntry(name, load<u8>(at, DIRENT_TYPE)));
    at += DIRENT_BYTES + length;
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function mkdir(path: string): Error | null {
  return errorOf("mkdir", path, callOnPath(FileOp.MakeDirectory, path));
}

/** Makes a directory and those above it, as far as they are missing. */
export function mkdirAll(path: string): Error | null {
  while (path.length > 1 && path.endsWith("/")) path = path.slice(0, -1);
  const info = stat(path);
  if (info) return info.isDir ? null : errorOf("mkdir", path, Errno.NotDir);
  const slash = path.lastIndexOf("/");
  if (slash > 0) {
    const error = mkdirAll(path.substring(0, slash));
    if (error) return error;
  }
  const error = mkdir(path);
  // Another goroutine may have made it meanwhile.
  return isExist(error) ? null : error;
}

/** Removes a file, or an empty directory. */
export function remove(path: string): Error | null {
  let errno = callOnPath(FileOp.Unlink, path);
  if (errno == Errno.IsDir || errno == 63) errno = callOnPath(FileOp.RemoveDirectory, path);
  return errorOf("remove", path, errno);
}

/** Removes a path and what is below it; that there is nothing is no error. */
export function removeAll(path: string): Error | null {
  const error = remove(path);
  if (!error || isNotExist(error)) return null;
  const info = lstat(path);
  if (!info || !info.isDir) return error;
  const entries = readDir(path);
  if (!entries) return ioError();
  for (const entry of entries) {
    const failed = removeAll(path + "/" + entry.name);
    if (failed) return failed;
  }
  return remove(path);
}

/** Gives a file another path, in place of what is there. */
export function rename(from: string, to: string): Error | null {
  return errorOf("rename", from + " " + to, callOnTwo(FileOp.Rename, from, to));
}

/** Makes another name for a file. */
export function link(from: string, to: string): Error | null {
  return errorOf("link", from + " " + to, callOnTwo(FileOp.Link, from, to));
}

/** What a symbolic link says. */
export function readLink(path: string): string | null {
  const answer = answerOn(FileOp.ReadLink, "readlink", path);
  return answer ? decodeUtf8(changetype<usize>(answer), answer.byteLength) : null;
}

/**
 * Goes through a directory and all below it, by name: `visit` is given each path, and what is there. Where it gives false of a directory, what is in that is
 * passed over. Links are not followed. An error, or null.
 */
export function walk(root: string, visit: (path: string, entry: DirEntry) => bool): Error | null {
  const info = lstat(root);
  if (!info) return ioError();
  const type = info.isDir ? FileType.Directory : info.isLink ? FileType.SymbolicLink : FileType.RegularFile;
  return walkIn(root, new DirEntry(info.name, type), visit);
}

function walkIn(path: string, entry: DirEntry, visit: (path: string, entry: DirEntry) => bool): Error | null {
  if (!visit(path, entry) || !entry.isDir) return null;
  const entries = readDir(path);
  if (!entries) return ioError();
  for (const each of entries) {
    const error = walkIn(path.endsWith("/") ? path + each.name : path + "/" + each.name, each, visit);
    if (error) return error;
  }
  return null;
}

// ---- standard streams ------------------------------------------------------------------------------------------------

class Input implements Reader {
  /** Waits for the first byte, and takes what `readLine` has not; 0 at the end. */
  read(buf: Uint8Array): i32 {
    const n = min(buf.length, AT_ONCE);
    if (n == 0) return 0;
    const block = malloc(n);
    const done = readInput(block, n);
    memory.copy(buf.dataStart, block, done);
    mfree(block);
    return done;
  }
}

class Output implements Writer {
  constructor(private readonly fd: i32) {}

  /** An unfinished line is put out when it is finished, as `print` does it. */
  write(buf: Uint8Array): i32 {
    printBytes(this.fd, buf.dataStart, buf.length);
    return buf.length;
  }
}

export const stdin: Reader = new Input();
export const stdout: Writer = new Output(1);
export const stderr: Writer = new Output(2);
