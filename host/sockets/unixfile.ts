/**
 * The files of Unix sockets.
 *
 * Guarantees: only the file of a socket whose server has gone is taken over; only the file that a server has made goes with it, not
 * one that has been put in its place meanwhile.
 */
import { existsSync, lstatSync, renameSync, statSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { EADDRINUSE } from "./constants.js";
import { SocketError } from "./socket.js";

/**
 * Removes the file of a Unix socket whose server has gone, and no other file.
 *
 * @throws SocketError EADDRINUSE if a server answers there, or the file is no socket
 */
export async function removeStaleSocket(path: string): Promise<void> {
  if (path.startsWith("@") || !existsSync(path)) return;
  const taken = SocketError.of("bind", EADDRINUSE, `unix://${path}`);
  if (!statSync(path).isSocket()) throw taken;
  await new Promise<void>((resolve, reject) => {
    const client = connect(path);
    client.on("connect", () => {
      client.destroy();
      reject(taken);
    });
    client.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve();
      else reject(error.code === "ENOENT" ? taken : SocketError.from(error, "bind", `unix://${path}`));
    });
  });
  unlinkSync(path);
}

/** The file of a socket that has just been bound. */
export class SocketFile {
  private readonly identity: string | undefined;

  constructor(private readonly path: string) {
    this.identity = identityOf(path);
  }

  /** Removes the file, unless it is another by now, or gone. */
  remove(): void {
    if (this.identity !== undefined && identityOf(this.path) === this.identity) unlinkSync(this.path);
  }

  /** Runs `close`, which removes whatever is at the path, as the runtimes do when they close a socket. */
  spare(close: () => void): void {
    const there = identityOf(this.path);
    if (there === undefined || there === this.identity) return close();
    const aside = `${this.path}.${process.pid}`;
    renameSync(this.path, aside);
    try {
      close();
    } finally {
      renameSync(aside, this.path);
    }
  }
}

/** What tells a file from all others that are there at the same time, as that of a bound socket is; undefined where there is none. */
function identityOf(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}
