/**
 * The listening sockets of a server with the epoll poller: made by the thread that called `serve`, shared by all loops.
 *
 * Guarantees: either all addresses are bound or none; closing removes the files of Unix sockets that were made here.
 */
import { unlink } from "node:fs/promises";
import { addressText } from "../sockets/address.js";
import { bindSocket, removeStaleSocket } from "../sockets/epoll-listen.js";
import { loadSys } from "../sockets/sys.js";
import type { Place, SharedListener } from "./transport.js";

/** Space for the calls that make a socket. */
const BUFFER_SIZE = 16384;

export interface Listeners {
  readonly addrs: readonly string[];
  /** What loop `index` listens to. */
  of(index: number): readonly SharedListener[];
  close(): Promise<void>;
  /** Closes a descriptor of a loop that cannot do it itself. */
  closeDescriptor(fd: number): void;
}

/**
 * Binds every address: once, or for each loop where it says reuseport.
 *
 * @throws SocketError that names the address
 */
export async function bindListeners(places: readonly Place[], loops: number): Promise<Listeners> {
  const buffer = new ArrayBuffer(BUFFER_SIZE);
  const bytes = new Uint8Array(buffer);
  const sys = loadSys(buffer);
  if (typeof sys === "string") throw new Error(sys);
  const perLoop: SharedListener[][] = Array.from({ length: loops }, () => []);
  const addrs: string[] = [];
  const fds: number[] = [];
  const paths: string[] = [];
  const close = async (): Promise<void> => {
    for (const fd of fds.splice(0)) sys.close(fd);
    // A path that somebody else has removed needs no removing.
    for (const path of paths.splice(0)) await unlink(path).catch(() => {});
  };
  try {
    for (const [addrIndex, { spec, address: wanted }] of places.entries()) {
      if (wanted.family === "unix") await removeStaleSocket(wanted.path);
      let { fd, address } = bindSocket(sys, bytes, spec, wanted);
      fds.push(fd);
      if (wanted.family === "unix" && !wanted.path.startsWith("@")) paths.push(wanted.path);
      const text = addressText(spec.network, address);
      addrs.push(text);
      for (const [loop, listeners] of perLoop.entries()) {
        if (spec.reusePort && loop > 0) {
          ({ fd, address } = bindSocket(sys, bytes, spec, address));
          fds.push(fd);
        }
        listeners.push({ fd, network: spec.network, address: text, addrIndex });
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  const closeDescriptor = (fd: number): void => void (fd >= 0 && sys.close(fd));
  return { addrs, of: (index) => perLoop[index] ?? [], close, closeDescriptor };
}
