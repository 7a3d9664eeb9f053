/**
 * Where the paths of `skein/os` lead, the calls on them, and errors in Go's words.
 *
 * A path is in the directory, of those that the program was given, with the longest name that it begins with. Whoever is given a `Place` lets
 * its directory go.
 *
 * On a goroutine.
 */
import { fail } from "../runtime/net/errors";
import { answerOf, callIn, Descriptor, Errno, finish, FIRST_FD, freeCall, hold, letGo } from "../c/files";
import { ioError } from "../io";

const NOT_THERE: string = "no such file or directory";
const IS_THERE: string = "file exists";

/** The words of WASI's numbers. */
function wordsOf(errno: i32): string {
  switch (errno) {
    case Errno.Access:
      return "permission denied";
    case Errno.BadF:
      return "file already closed";
    case Errno.Busy:
      return "device or resource busy";
    case Errno.DQuot:
      return "disk quota exceeded";
    case Errno.Exist:
      return IS_THERE;
    case Errno.FBig:
      return "file too large";
    case Errno.Inval:
      return "invalid argument";
    case Errno.IO:
      return "input/output error";
    case Errno.IsDir:
      return "is a directory";
    case Errno.Loop:
      return "too many levels of symbolic links";
    case Errno.MFile:
    case Errno.NFile:
      return "too many open files";
    case Errno.NameTooLong:
      return "file name too long";
    case Errno.NoEnt:
      return NOT_THERE;
    case Errno.NoSpc:
      return "no space left on device";
    case Errno.NotDir:
      return "not a directory";
    case Errno.NotEmpty:
      return "directory not empty";
    case Errno.NotSup:
      return "operation not supported";
    case Errno.Perm:
      return "operation not permitted";
    case Errno.RoFS:
      return "read-only file system";
    case Errno.XDev:
      return "invalid cross-device link";
    case Errno.NotCapable:
      return "this leads out of the directories that the program was given";
    default:
      return "error " + errno.toString() + " of WASI";
  }
}

export function failed(operation: string, path: string, errno: i32): void {
  const nothing = errno == Errno.NoEnt && !isGivenAny();
  fail(operation, path, nothing ? "the program was given no directory (skein run --dir .)" : wordsOf(errno));
}

export function errorOf(operation: string, path: string, errno: i32): Error | null {
  if (errno == Errno.Success) return null;
  failed(operation, path, errno);
  return ioError();
}

/** Whether an error says that there is no such file. */
export function isNotExist(error: Error | null): bool {
  return error !== null && error.message.endsWith(": " + NOT_THERE);
}

/** Whether an error says that there is such a file already. */
export function isExist(error: Error | null): bool {
  return error !== null && error.message.endsWith(": " + IS_THERE);
}

/** Whether the program was given a directory. */
function isGivenAny(): bool {
  const first = hold(FIRST_FD);
  if (!first) return false;
  const isGiven = first.guest !== null;
  letGo(first);
  return isGiven;
}

/** A directory that the program was given, held, and a path in it. */
export class Place {
  constructor(
    readonly directory: Descriptor,
    readonly path: string,
  ) {}
}

/** What `path` is in `guest`, a directory's name; null if it is not in it. */
function pathIn(guest: string, path: string): string | null {
  while (guest.startsWith("./")) guest = guest.substring(2);
  if (guest == "." || guest.length == 0) return path.startsWith("/") ? null : path;
  if (!guest.endsWith("/")) {
    if (path == guest) return ".";
    guest += "/";
  }
  if (!path.startsWith(guest)) return null;
  const rest = path.substring(guest.length);
  return rest.length == 0 ? "." : rest;
}

/** Where a path leads: in the given directory with the longest name that it begins with; null if in none. */
export function placeOf(path: string): Place | null {
  while (path.startsWith("./")) path = path.substring(2);
  if (path.length == 0) return null;
  let found: Place | null = null;
  let longest = -1;
  let fd = FIRST_FD;
  while (true) {
    const directory = hold(fd++);
    if (!directory) return found;
    const guest = directory.guest;
    const rest = guest && pathIn(guest, path);
    if (rest && guest!.length > longest) {
      if (found) letGo(found.directory);
      longest = guest!.length;
      found = new Place(directory, rest);
    } else {
      letGo(directory);
    }
    if (!guest) return found;
  }
}

/** A call on one path: an errno. */
export function callOnPath(op: i32, path: string): i32 {
  const place = placeOf(path);
  if (!place) return Errno.NoEnt;
  const errno = finish(callIn(op, place.directory, place.path));
  letGo(place.directory);
  return errno;
}

/** The same with another one. */
export function callOnTwo(op: i32, path: string, other: string): i32 {
  const from = placeOf(path);
  if (!from) return Errno.NoEnt;
  const to = placeOf(other);
  const errno = to ? finish(callIn(op, from.directory, from.path, to.directory, to.path)) : Errno.NoEnt;
  letGo(from.directory);
  if (to) letGo(to.directory);
  return errno;
}

/** The bytes that a call on a path answers with; null, with `ioError` set, if it fails. */
export function answerOn(op: i32, operation: string, path: string): ArrayBuffer | null {
  const place = placeOf(path);
  let errno = Errno.NoEnt;
  if (place) {
    const call = callIn(op, place.directory, place.path);
    const answer = answerOf(call);
    errno = call.count;
    freeCall(call);
    letGo(place.directory);
    if (answer) return answer;
  }
  failed(operation, path, errno);
  return null;
}
