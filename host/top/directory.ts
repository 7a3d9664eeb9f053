/**
 * Where schedulers that may be watched have their sockets: a directory that is this user's alone. A socket's name is the process, the
 * thread that started the scheduler, and a number within that thread: `1234-0-1.sock`.
 */
import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { SkeinError } from "../base/errors.js";

const SOCKET = /^(\d+)-\d+-\d+\.sock$/;

/** A scheduler's socket. */
export interface Entry {
  readonly pid: number;
  readonly file: string;
}

/**
 * The directory, made if it is not there.
 *
 * @throws SkeinError where there are no such sockets, or the directory is not this user's alone
 */
export function socketDirectory(): string {
  const uid = process.getuid?.();
  if (uid === undefined) throw new SkeinError("schedulers are watched over Unix sockets, which this platform lacks");
  const { XDG_RUNTIME_DIR } = process.env;
  const directory = XDG_RUNTIME_DIR ? path.join(XDG_RUNTIME_DIR, "skein") : path.join(os.tmpdir(), `skein-${uid}`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SkeinError(`${directory} cannot be made: ${(error as Error).message}`);
  }
  // Anybody may have made it under the name that we would have taken.
  const { uid: owner, mode } = lstatSync(directory);
  if ((mode & 0o170000) !== 0o040000 || owner !== uid || (mode & 0o077) !== 0) {
    throw new SkeinError(`${directory} must be a directory that only this user can use (mode 700)`);
  }
  return directory;
}

/** The schedulers that have a socket, in the order of their processes. Some may have died and left it. */
export function entries(): Entry[] {
  const directory = socketDirectory();
  return readdirSync(directory)
    .map((name) => ({ pid: Number(SOCKET.exec(name)?.[1]), file: path.join(directory, name) }))
    .filter(({ pid }) => !Number.isNaN(pid))
    .sort((a, b) => a.pid - b.pid);
}
