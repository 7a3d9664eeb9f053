/**
 * Files of programs (`skein/os`, C), on an M's thread: makes the calls of `FileCall` on the system, in the directories that the program was given.
 *
 * Guarantees: never throws; every error is a number of WASI's.
 *
 * A file is read and written at positions that the core keeps, so it does not matter whose descriptor it is. On Node descriptors are the
 * process's, and any thread uses and closes them. On Deno each thread knows only what it has opened, so another one opens the file
 * anew, through `/proc/self/fd` (which also finds one that has been removed); and lets go of it at its first call after it was closed. For that
 * the thread that has opened it at first stays, however long it has nothing to do (`M.keeps`).
 */
import * as fs from "node:fs";
import process from "node:process";
import { FileFlag, FileOp } from "../abi/enums.js";
import { FileCall } from "../abi/records.js";
import type { Memory } from "../base/memory.js";
import type { Preopen } from "./instance.js";
import { errnoOf, placeIn, Refusal, type Place } from "./sandbox.js";

const areOwn = "deno" in process.versions;
const DEFAULT_MODE = 0o666;
const DIRECTORY_MODE = 0o777;
/** Bytes of an iovec; of a dirent before its name; of a filestat. */
const IOVEC = 8;
const DIRENT = 24;
const FILESTAT = 64;

/** WASI's kinds of files. */
enum Kind {
  Unknown,
  BlockDevice,
  CharacterDevice,
  Directory,
  RegularFile,
  Socket = 6,
  SymbolicLink,
}

/** The `file` of the core's imports. */
export function fileCalls(memory: Memory, preopens: readonly Preopen[], mid: number): (address: number) => number {
  const files = new Files(memory, preopens, areOwn ? new OwnFiles(memory, mid) : undefined);
  const call = new FileCall(memory);
  return (address) => {
    try {
      return files.make(call.move(address));
    } catch (error) {
      return -errnoOf(error);
    }
  };
}

class Files {
  /** What Take gives. */
  private answer: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly memory: Memory,
    private readonly preopens: readonly Preopen[],
    private readonly own: OwnFiles | undefined,
  ) {}

  make(call: FileCall): number {
    this.own?.letGo(call);
    switch (call.op) {
      case FileOp.Roots:
        return this.keep(Buffer.from(this.preopens.map(({ guest }) => `${guest}\0`).join(""), "utf8"));
      case FileOp.Take:
        this.memory.write(call.buffer, this.answer.subarray(0, call.count));
        return 0;
      case FileOp.Open:
        return this.open(call);
      case FileOp.Close:
        if (this.own === undefined) fs.closeSync(call.fd);
        return 0;
      case FileOp.Read:
        return this.read(call);
      case FileOp.Write:
        return this.write(call);
      case FileOp.Sync:
        (call.flags === 0 ? fs.fsyncSync : fs.fdatasyncSync)(this.fd(call));
        return 0;
      case FileOp.Stat:
        return this.stat(call);
      case FileOp.SetSize:
        fs.ftruncateSync(this.fd(call), call.offset);
        return 0;
      case FileOp.SetTimes:
        return this.setTimes(call);
      case FileOp.List:
        return this.list(call);
      default:
        return this.change(call);
    }
  }

  // ---- open files ----------------------------------------------------------------------------------------------------

  /** The file's descriptor here. */
  private fd(call: FileCall): number {
    return this.own?.fd(call) ?? call.fd;
  }

  private open(call: FileCall): number {
    const { flags } = call;
    const { path, stat } = this.place(call, (flags & FileFlag.Follow) !== 0);
    const wants = (flag: number): boolean => (flags & flag) !== 0;
    if (stat?.isSymbolicLink() === true) throw new Refusal("ELOOP");
    if (stat !== undefined && wants(FileFlag.Create) && wants(FileFlag.Exclusive)) throw new Refusal("EEXIST");
    if (stat?.isDirectory() === true) {
      if (wants(FileFlag.Write) || wants(FileFlag.Truncate)) throw new Refusal("EISDIR");
      call.fd = -1;
      return 0;
    }
    if (wants(FileFlag.Directory)) throw new Refusal(stat === undefined ? "ENOENT" : "ENOTDIR");
    // Those have no positions.
    if (stat?.isFIFO() === true || stat?.isSocket() === true) throw new Refusal("ENOTSUP");
    call.fd = fs.openSync(path, openFlags(flags) | fs.constants.O_NOFOLLOW, DEFAULT_MODE);
    this.own?.add(call);
    return 0;
  }

  /** The stretches of memory that iovecs name. */
  private *stretches({ buffer, count }: FileCall): Generator<Uint8Array> {
    const { memory } = this;
    const { bytes } = memory;
    for (let i = 0; i < count; i++) {
      const at = memory.address(buffer + i * IOVEC);
      const length = memory.address(buffer + i * IOVEC + 4);
      if (at + length > bytes.byteLength) throw new Refusal("EFAULT");
      if (length > 0) yield bytes.subarray(at, at + length);
    }
  }

  private read(call: FileCall): number {
    const fd = this.fd(call);
    let done = 0;
    for (const bytes of this.stretches(call)) {
      const n = fs.readSync(fd, bytes, 0, bytes.byteLength, call.offset + done);
      done += n;
      if (n < bytes.byteLength) break;
    }
    return done;
  }

  private write(call: FileCall): number {
    const fd = this.fd(call);
    // The system finds the end as it writes: others may be writing there.
    const isAppended = call.offset < 0 && (call.access & FileFlag.Append) !== 0;
    if (call.offset < 0) call.offset = fs.fstatSync(fd).size;
    let done = 0;
    try {
      for (const bytes of this.stretches(call)) {
        for (let at = 0; at < bytes.byteLength;) {
          const n = fs.writeSync(fd, bytes, at, bytes.byteLength - at, isAppended ? null : call.offset + done);
          done += n;
          at += n;
        }
      }
    } catch (error) {
      // What has been written counts; the next call meets the same error.
      if (done === 0) throw error;
    }
    if (isAppended) call.offset = fs.fstatSync(fd).size - done;
    return done;
  }

  // ---- what is known of files ----------------------------------------------------------------------------------------

  private stat(call: FileCall): number {
    const bigint = { bigint: true } as const;
    let stat: fs.BigIntStats;
    if (call.fd >= 0) stat = fs.fstatSync(this.fd(call), bigint);
    else stat = fs.lstatSync(this.existing(call), bigint);
    const { data } = this.memory;
    const at = call.buffer;
    this.memory.write(at, new Uint8Array(FILESTAT));
    data.setBigUint64(at, BigInt.asUintN(64, stat.dev), true);
    data.setBigUint64(at + 8, BigInt.asUintN(64, stat.ino), true);
    data.setUint8(at + 16, kindOf(stat));
    data.setBigUint64(at + 24, BigInt.asUintN(64, stat.nlink), true);
    data.setBigUint64(at + 32, BigInt.asUintN(64, stat.size), true);
    [stat.atimeNs, stat.mtimeNs, stat.ctimeNs].forEach((ns, i) => {
      data.setBigUint64(at + 40 + 8 * i, BigInt.asUintN(64, ns), true);
    });
    return 0;
  }

  private setTimes(call: FileCall): number {
    if (call.fd >= 0) {
      const fd = this.fd(call);
      fs.futimesSync(fd, ...timesFor(call, fs.fstatSync(fd)));
    } else {
      const path = this.existing(call);
      fs.lutimesSync(path, ...timesFor(call, fs.lstatSync(path)));
    }
    return 0;
  }

  private list(call: FileCall): number {
    const { path, stat } = this.place(call, true);
    if (stat?.isDirectory() !== true) throw new Refusal(stat === undefined ? "ENOENT" : "ENOTDIR");
    const parts: Buffer[] = [];
    let at = 0;
    const add = (name: string, ino: bigint, kind: Kind): void => {
      const text = Buffer.from(name, "utf8");
      const head = Buffer.alloc(DIRENT);
      at += DIRENT + text.byteLength;
      head.writeBigUInt64LE(BigInt(at));
      head.writeBigUInt64LE(BigInt.asUintN(64, ino), 8);
      head.writeUInt32LE(text.byteLength, 16);
      head.writeUInt8(kind, 20);
      parts.push(head, text);
    };
    add(".", fs.lstatSync(path, { bigint: true }).ino, Kind.Directory);
    add("..", 0n, Kind.Directory);
    for (const name of fs.readdirSync(path)) {
      const found = fs.lstatSync(`${path}/${name}`, { bigint: true, throwIfNoEntry: false });
      if (found !== undefined) add(name, found.ino, kindOf(found));
    }
    return this.keep(Buffer.concat(parts));
  }

  // ---- directories ---------------------------------------------------------------------------------------------------

  /** Calls that change directories. */
  private change(call: FileCall): number {
    const { op } = call;
    const isNew = op === FileOp.MakeDirectory;
    const path = isNew ? this.place(call, false).path : this.existing(call);
    if (path === this.preopens[call.root]!.host) throw new Refusal(isNew ? "EEXIST" : "EBUSY");
    if (isNew) fs.mkdirSync(path, DIRECTORY_MODE);
    else if (op === FileOp.RemoveDirectory) fs.rmdirSync(path);
    else if (op === FileOp.Unlink) fs.unlinkSync(path);
    else if (op === FileOp.Rename) fs.renameSync(path, this.otherPlace(call));
    else if (op === FileOp.Link) fs.linkSync(path, this.otherPlace(call));
    else return this.keep(Buffer.from(fs.readlinkSync(path), "utf8"));
    return 0;
  }

  /** Where a call's path leads; the last link in it is followed if the call says so. */
  private existing(call: FileCall): string {
    const { path, stat } = this.place(call, (call.flags & FileFlag.Follow) !== 0);
    if (stat === undefined) throw new Refusal("ENOENT");
    return path;
  }

  private place({ root, path, pathLength }: FileCall, follow: boolean): Place {
    return placeIn(this.preopens[root]!.host, this.memory.utf16(path, pathLength), follow);
  }

  private otherPlace({ otherRoot, other, otherLength }: FileCall): string {
    return placeIn(this.preopens[otherRoot]!.host, this.memory.utf16(other, otherLength), false).path;
  }

  private keep(answer: Uint8Array): number {
    this.answer = answer;
    return answer.byteLength;
  }
}

/** Where descriptors are a thread's own: those of this thread, by the numbers of files. */
class OwnFiles {
  private readonly files = new Map<number, { readonly fd: number; readonly slot: number; readonly isFirst: boolean }>();
  private closed = 0;

  constructor(
    private readonly memory: Memory,
    private readonly mid: number,
  ) {}

  add({ id, slot, fd }: FileCall): void {
    this.files.set(id, { fd, slot, isFirst: true });
    this.memory.m(this.mid).keeps++;
  }

  fd(call: FileCall): number {
    const known = this.files.get(call.id);
    if (known !== undefined) return known.fd;
    const fd = fs.openSync(`/proc/self/fd/${call.fd}`, openFlags(call.access));
    this.files.set(call.id, { fd, slot: call.slot, isFirst: false });
    return fd;
  }

  /** Closes what others have closed. */
  letGo({ open }: FileCall): void {
    const { words } = this.memory;
    const closed = Atomics.load(words, open >>> 2);
    if (closed === this.closed) return;
    this.closed = closed;
    for (const [id, { fd, slot, isFirst }] of this.files) {
      if (Atomics.load(words, (open >>> 2) + slot) === id) continue;
      this.files.delete(id);
      if (isFirst) this.memory.m(this.mid).keeps--;
      fs.closeSync(fd);
    }
  }
}

function openFlags(flags: number): number {
  const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_SYNC, O_APPEND } = fs.constants;
  const reads = (flags & FileFlag.Read) !== 0;
  let all = (flags & FileFlag.Write) === 0 ? O_RDONLY : reads ? O_RDWR : O_WRONLY;
  if (flags & FileFlag.Create) all |= O_CREAT;
  if (flags & FileFlag.Exclusive) all |= O_EXCL;
  if (flags & FileFlag.Truncate) all |= O_TRUNC;
  if (flags & FileFlag.Append) all |= O_APPEND;
  if (flags & FileFlag.Sync) all |= O_SYNC;
  return all;
}

/** WASI's fstflags: what a time is to be; it stays as it is without. */
enum Times {
  Accessed = 1,
  AccessedNow = 2,
  Modified = 4,
  ModifiedNow = 8,
}

/** The times that a file is to have, in seconds. */
function timesFor({ flags, accessed, modified }: FileCall, { atimeMs, mtimeMs }: fs.Stats): [number, number] {
  const now = Date.now() / 1000;
  return [
    flags & Times.AccessedNow ? now : flags & Times.Accessed ? accessed : atimeMs / 1000,
    flags & Times.ModifiedNow ? now : flags & Times.Modified ? modified : mtimeMs / 1000,
  ];
}

function kindOf(stat: fs.Stats | fs.BigIntStats): Kind {
  if (stat.isFile()) return Kind.RegularFile;
  if (stat.isDirectory()) return Kind.Directory;
  if (stat.isSymbolicLink()) return Kind.SymbolicLink;
  if (stat.isCharacterDevice()) return Kind.CharacterDevice;
  if (stat.isBlockDevice()) return Kind.BlockDevice;
  return stat.isSocket() ? Kind.Socket : Kind.Unknown;
}
