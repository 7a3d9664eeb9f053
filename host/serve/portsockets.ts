/**
 * A loop's side of sockets that another thread has (socketthread.ts): each stream is a number, each call a message.
 *
 * Guarantees: messages of one stream keep their order both ways, as the port does. What the other thread sends ahead is bounded:
 * it stops reading a stream whose input has not been taken here.
 */
import type { MessagePort } from "node:worker_threads";
import type { StreamHandler, StreamSocket } from "../sockets/socket.js";
import type { Loop } from "./serverloop.js";
import { receiveError, type FromStream, type Line, type ToStream } from "./threadmessages.js";
import { Ring } from "./bytering.js";
import type { Transport } from "./transport.js";

/** Bytes of input after which the other thread is told that they were taken. */
const TAKEN_STEP = 65536;

class PortStream implements StreamSocket {
  handler!: StreamHandler;
  /** The bytes of a message are nobody else's: there is no buffer to reuse. */
  reuseInput = false;
  readonly localAddress: string;
  readonly remoteAddress: string;
  private readonly id: number;
  private readonly post: (message: FromStream) => void;
  private readonly ring: Ring;
  private readonly forget: () => void;
  private sent = 0;
  private written = 0;
  private taken = 0;
  private isPaused = false;
  private isOpen = true;
  /** Input that came while the stream was paused, and its end, undefined. */
  private readonly held: (Buffer | undefined)[] = [];

  /** `ring` takes what is written. */
  constructor(
    opened: ToStream & { type: "opened" },
    post: (message: FromStream) => void,
    ring: Ring,
    forget: () => void,
  ) {
    this.id = opened.id;
    this.localAddress = opened.localAddress;
    this.remoteAddress = opened.remoteAddress;
    this.post = post;
    this.ring = ring;
    this.forget = forget;
  }

  hasWritten(total: number): void {
    this.written = total;
    if (this.isOpen && this.buffered === 0) this.handler.drained();
  }

  hasClosed(error: Error): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.forget();
    this.handler.closed(error);
  }

  /** Input has come, or the end of it, which must wait while the stream is paused. */
  hasCome(input: Buffer | undefined): void {
    if (!this.isOpen) return;
    if (this.isPaused || this.held.length > 0) this.held.push(input);
    else this.deliver(input);
  }

  private deliver(input: Buffer | undefined): void {
    if (input === undefined) {
      this.handler.ended();
    } else {
      this.taken += input.length;
      if (this.taken >= TAKEN_STEP) {
        this.post({ type: "taken", id: this.id, length: this.taken });
        this.taken = 0;
      }
      this.handler.input(input);
    }
  }

  get buffered(): number {
    return this.isOpen ? this.sent - this.written : 0;
  }

  start(): void {
    if (this.isOpen) this.post({ type: "start", id: this.id });
  }

  write(output: Uint8Array): void {
    if (!this.isOpen || output.length === 0) return;
    this.sent += output.length;
    this.post({ type: "write", id: this.id, output: this.ring.send(output) });
  }

  writeText(text: string): number {
    const output = Buffer.from(text);
    this.write(output);
    return output.length;
  }

  /** The other thread notices by and by, as nothing is taken any more. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    while (this.held.length > 0 && !this.isPaused && this.isOpen) this.deliver(this.held.shift());
  }

  shutdownWrite(): void {
    if (this.isOpen) this.post({ type: "shutdownWrite", id: this.id });
  }

  destroy(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.forget();
    this.post({ type: "destroy", id: this.id });
  }

  keepAlive(ms: number): void {
    if (this.isOpen) this.post({ type: "keepAlive", id: this.id, ms });
  }
}

export class PortTransport implements Transport {
  private readonly loop: Loop;
  private readonly port: MessagePort;
  private readonly input: Ring;
  private readonly output: Ring;
  private readonly addrs: readonly string[];
  private readonly streams = new Map<number, PortStream>();

  constructor(loop: Loop, { port, input, output }: Line, addrs: readonly string[]) {
    this.loop = loop;
    this.port = port;
    this.input = new Ring(input);
    this.output = new Ring(output);
    this.addrs = addrs;
    port.on("message", (message: ToStream) => this.receive(message));
    loop.listenForNotes();
  }

  private receive(message: ToStream): void {
    const { id } = message;
    const stream = this.streams.get(id);
    switch (message.type) {
      case "opened":
        this.opened(message);
        break;
      case "datagram":
        this.datagram(message);
        break;
      case "input": {
        // Also where nobody wants it any more.
        const input = this.input.receive(message.input);
        stream?.hasCome(input);
        break;
      }
      case "ended":
        stream?.hasCome(undefined);
        break;
      case "written":
        stream?.hasWritten(message.total);
        break;
      case "closed":
        stream?.hasClosed(receiveError(message.error));
    }
  }

  private post(message: FromStream): void {
    this.port.postMessage(message);
  }

  private opened(message: ToStream & { type: "opened" }): void {
    const { id, addrIndex } = message;
    const forget = (): void => void this.streams.delete(id);
    const stream = new PortStream(message, (answer) => this.post(answer), this.output, forget);
    this.streams.set(id, stream);
    this.loop.adopt(stream, addrIndex);
  }

  private datagram({ id, from, remoteAddress, input: sent }: ToStream & { type: "datagram" }): void {
    const input = this.input.receive(sent);
    this.loop.datagram(id, this.addrs[id] ?? "", input, remoteAddress, (output, to = from) =>
      this.post({ type: "send", id, to, output: this.output.send(output) }),
    );
  }

  /** The thread that has the sockets begins and ends listening. */
  start(): void {}

  quiet(): void {}

  close(): Promise<void> {
    this.loop.block.retire(this.loop.index);
    this.port.close();
    return Promise.resolve();
  }

  abandon(): void {}
}
