/**
 * Paths in the directories that a program was given, and the errors of WASI.
 *
 * Guarantees: a path leads nowhere else. Every part is looked at before the next: `..` goes up to the directory itself and no
 * further; a symbolic link is followed if it is relative, and by the same rules. What a path has become has no link in it but, where it
 * is not followed, the last part, which whoever opens a file must refuse to follow (O_NOFOLLOW).
 *
 * Between the look and the use somebody may put a link in a directory's place. A program makes no links, but may rename one that is there:
 * who does not trust it gives it directories without any that lead up.
 */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import path from "node:path";

/** WASI's numbers of the errors that the system has by the same names. */
const ERRNO: Readonly<Record<string, number>> = {
  EACCES: 2,
  EAGAIN: 6,
  EBADF: 8,
  EBUSY: 10,
  EDQUOT: 19,
  EEXIST: 20,
  EFAULT: 21,
  EFBIG: 22,
  EINTR: 27,
  EINVAL: 28,
  EIO: 29,
  EISDIR: 31,
  ELOOP: 32,
  EMFILE: 33,
  EMLINK: 34,
  ENAMETOOLONG: 37,
  ENFILE: 41,
  ENOENT: 44,
  ENOMEM: 48,
  ENOSPC: 51,
  ENOTDIR: 54,
  ENOTEMPTY: 55,
  ENOTSUP: 58,
  ENXIO: 60,
  EPERM: 63,
  EPIPE: 64,
  EROFS: 69,
  ESPIPE: 70,
  ETXTBSY: 74,
  EXDEV: 75,
  ENOTCAPABLE: 76,
};

/** A call that is refused before the system is asked. */
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** WASI's number for what a call has thrown. */
export function errnoOf(error: unknown): number {
  return ERRNO[(error as { code?: string }).code ?? ""] ?? ERRNO["EIO"]!;
}

/** Linux follows as many symbolic links in one path. */
const MAX_LINKS = 40;

/** A path of the system's, and what is there, as yet. */
export interface Place {
  readonly path: string;
  readonly stat: Stats | undefined;
}

/** Finds what `given` means in the directory `root`; the last part need not exist. */
export function placeIn(root: string, given: string, follow: boolean): Place {
  if (given === "") throw new Refusal("ENOENT");
  if (given.includes("\0")) throw new Refusal("EINVAL");
  if (given.startsWith("/")) throw new Refusal("ENOTCAPABLE");
  const isDirectory = given.endsWith("/") || given.endsWith("/.");
  const found: string[] = [];
  const ahead = partsOf(given);
  let links = 0;
  let stat: Stats | undefined = lstatSync(root);
  while (ahead.length > 0) {
    if (stat?.isDirectory() !== true) throw new Refusal(stat === undefined ? "ENOENT" : "ENOTDIR");
    const part = ahead.pop()!;
    if (part !== "..") {
      found.push(part);
      stat = lstatSync(path.join(root, ...found), { throwIfNoEntry: false });
      if (stat?.isSymbolicLink() !== true || (ahead.length === 0 && !follow && !isDirectory)) continue;
      found.pop();
      if (++links > MAX_LINKS) throw new Refusal("ELOOP");
      const target = readlinkSync(path.join(root, ...found, part));
      if (target.startsWith("/")) throw new Refusal("ENOTCAPABLE");
      ahead.push(...partsOf(target));
    } else if (found.pop() === undefined) throw new Refusal("ENOTCAPABLE");
    stat = lstatSync(path.join(root, ...found), { throwIfNoEntry: false });
  }
  if (isDirectory && stat !== undefined && !stat.isDirectory()) throw new Refusal("ENOTDIR");
  return { path: path.join(root, ...found), stat };
}

/** The parts of a path, the last one first. */
function partsOf(given: string): string[] {
  return given
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .reverse();
}
