/** Calls about files, which the host makes for `skein/os` and C (`assembly/std/skein/c/files.ts`, `host/program/files.ts`). */

/** What a FileCall asks for; what it uses of the call, and what the answer is. */
export namespace FileOp {
  /** The names of the directories that the program was given, each ended by a zero byte: their length; Take gives them. */
  export const Roots: i32 = 0;
  /** Copies to `buffer` what the latest Roots, List or ReadLink of this thread has answered. */
  export const Take: i32 = 1;
  /** Opens `path`, with `flags` (FileFlag): `fd`, or -1 for a directory, and its `id`. */
  export const Open: i32 = 2;
  /** Closes `fd`. */
  export const Close: i32 = 3;
  /** Reads to the `count` iovecs at `buffer`, from `offset`: the number of bytes. */
  export const Read: i32 = 4;
  /** Writes the iovecs at `offset`, or to the end of the file if that is negative, and sets `offset` to where that was. The number of bytes. */
  export const Write: i32 = 5;
  /** Writes out what the system still holds: data only, if `flags`. */
  export const Sync: i32 = 6;
  /** The filestat of `fd`, to `buffer`; of `path` if that is -1. */
  export const Stat: i32 = 7;
  /** Sets the size of `fd` to `offset`. */
  export const SetSize: i32 = 8;
  /** Sets the times of `fd`, or of `path`, to `accessed` and `modified`, as far as `flags`, WASI's fstflags, say so. */
  export const SetTimes: i32 = 9;
  /** The entries of the directory `path`, as WASI's dirents: their length. */
  export const List: i32 = 10;
  export const MakeDirectory: i32 = 11;
  export const RemoveDirectory: i32 = 12;
  export const Unlink: i32 = 13;
  /** Renames `path` to `other`. */
  export const Rename: i32 = 14;
  /** Makes `other` another name of `path`. */
  export const Link: i32 = 15;
  /** What the symbolic link `path` says: its length. */
  export const ReadLink: i32 = 16;
}

export namespace FileFlag {
  export const Create: i32 = 1;
  /** It must be a directory. */
  export const Directory: i32 = 2;
  export const Exclusive: i32 = 4;
  export const Truncate: i32 = 8;
  export const Read: i32 = 16;
  export const Write: i32 = 32;
  /** Whether a symbolic link at the end of the path is followed. */
  export const Follow: i32 = 64;
  export const Sync: i32 = 128;
  /** Whatever is written goes to the end of the file. */
  export const Append: i32 = 256;
}

/** How many files and directories a program may have open, its standard streams included. */
export const FILES: i32 = 1024;

/** One call; its texts, UTF-16, are in memory of `malloc`. */
@unmanaged
export class FileCall {
  /** One of FileOp. */
  @host op: i32;
  /** Which of the directories that the program was given a path begins in. */
  @host root: i32;


  @host path: usize;
  /** In bytes. */
  @host pathLength: i32;
  /** The second path, as above. */
  @host otherRoot: i32;


  @host other: usize;


  @host otherLength: i32;
  /** A descriptor of the system's. */
  @host fd: i32;
  /** The number of an open file, which no other ever has. */
  @host id: i32;
  /** The numbers of all that are open, FILES of them, 0 for none; the first counts those that have been closed. */
  @host open: usize;


  @host slot: i32;
  /** FileFlag.Read, Write and Append, as far as it was opened for them. */
  @host access: i32;


  @host flags: i32;


  @host buffer: usize;


  @host count: i32;


  @host offset: f64;
  /** Seconds since 1970. */
  @host accessed: f64;


  @host modified: f64;
}
