/**
 * A connection that has left its server, as a stream of the runtime.
 *
 * Guarantees: output that the server had not sent goes out first; input that nobody reads stays in the system, but for what
 * fits the stream's buffer, so that the peer's end is noticed by who only writes, as with the runtime's sockets; the socket
 * is closed when both directions have ended, or the stream is destroyed.
 */
import { Duplex } from "node:stream";
import type { StreamHandler, StreamSocket } from "../sockets/socket.js";

/** Waiting output above which the stream asks its writer to wait. */
const HIGH_WATER_MARK = 65536;

export class DetachedStream extends Duplex {
  private readonly socket: StreamSocket;
  /** What is to be called when the waiting output is out. */
  private waiting: ((error?: Error) => void) | undefined;

  constructor(socket: StreamSocket, hasEnded: boolean) {
    super({ allowHalfOpen: false });
    this.socket = socket;
    socket.handler = this.handler();
    // What is read must outlast the call that brings it.
    socket.reuseInput = false;
    socket.pause();
    if (hasEnded) this.push(null);
    this.read(0);
  }

  /** The peer has finished; with nothing left to read that is said to who does not read, too. */
  private peerEnded(): void {
    this.push(null);
    this.read(0);
  }

  get localAddr(): string {
    return this.socket.localAddress;
  }

  get remoteAddr(): string {
    return this.socket.remoteAddress;
  }

  override _read(): void {
    this.socket.resume();
  }

  private handler(): StreamHandler {
    return {
      input: (input) => {
        if (!this.push(input)) this.socket.pause();
      },
      ended: () => this.peerEnded(),
      drained: () => {
        const { waiting } = this;
        this.waiting = undefined;
        waiting?.();
      },
      closed: (error) => void this.destroy(error),
    };
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.socket.write(chunk);
    if (this.socket.buffered > HIGH_WATER_MARK) this.waiting = done;
    else done();
  }

  override _final(done: (error?: Error) => void): void {
    const end = (error?: Error): void => {
      if (error === undefined) this.socket.shutdownWrite();
      done(error);
    };
    if (this.socket.buffered > 0) this.waiting = end;
    else end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    this.waiting = undefined;
    done(error);
  }
}
