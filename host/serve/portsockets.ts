/**
 * A loop's side of sockets that another thread has (socketthread.ts): each stream is a number, each call a message.
 *
 * Guarantees: messages of one stream keep their order both ways, as the port does. What the other thread sends ahead is bounded:
 * it stops reading a stream whose input has not been taken here.
 */
import { Buffer } from "node:buffer";
import type { MessagePort } from "node:worker_threads";
import type { StreamHandler, StreamSocket } from "../sockets/socket.js";
import type { Loop } from "./serverloop.js";
import { receiveError, type FromStream, type Line, type ToStream } from "./threadmessages.js";
import { Ring } from "./bytering.js";
import type { Transport } from "./transport.js";

/** What happens to a stream that must wait while it is paused. */
type Event = { readonly type: "input"; readonly input: Buffer } | { readonly type: "ended" };

/** Bytes of input after which the other thread is told that they were taken. */
const TAKEN_STEP = 65536;

class RemoteStream implements StreamSocket {
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
  /** What came while the stream was paused. */
  private held: Event[] = [];

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

  receive(message: ToStream): void {
    if (!this.isOpen) return;
    if (message.type === "written") {
      this.written = message.total;
      if (this.buffered === 0) this.handler.drained();
    } else if (message.type === "closed") {
      this.isOpen = false;
      this.forget();
      this.handler.closed(receiveError(message.error));
    } else if (message.type === "ended") {
      this.happened({ type: "ended" });
    }
  }

  /** Something that must wait while the stream is paused. */
  happened(event: Event): void {
    if (!this.isOpen) return;
    if (this.isPaused || this.held.length > 0) this.held.push(event);
    else this.deliver(event);
  }

  private deliver(event: Event): void {
    if (event.type === "ended") {
      this.handler.ended();
    } else {
      const { input } = event;
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

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.post({ type: "pause", id: this.id });
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.post({ type: "resume", id: this.id });
    while (this.held.length > 0 && !this.isPaused && this.isOpen) this.deliver(this.held.shift() as Event);
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

export class RemoteTransport implements Transport {
  private readonly loop: Loop;
  private readonly port: MessagePort;
  private readonly input: Ring;
  private readonly output: Ring;
  private readonly addrs: readonly string[];
  private readonly streams = new Map<number, RemoteStream>();

  constructor(loop: Loop, { port, input, output }: Line, addrs: readonly string[]) {
    this.loop = loop;
    this.port = port;
    this.input = new Ring(input);
    this.output = new Ring(output);
    this.addrs = addrs;
    port.on("message", (message: ToStream) => this.receive(message));
    void loop.block.listen(loop.index, () => loop.takeNotes());
  }

  private receive(message: ToStream): void {
    const { loop, port } = this;
    const post = (answer: FromStream): void => port.postMessage(answer);
    const { id } = message;
    if (message.type === "opened") {
      const stream = new RemoteStream(message, post, this.output, () => this.streams.delete(id));
      this.streams.set(id, stream);
      loop.adopt(stream, message.addrIndex);
    } else if (message.type === "datagram") {
      const { addrIndex, remoteAddress } = message;
      const input = this.input.receive(message.input);
      let isAnswered = false;
      loop.datagram(addrIndex, this.addrs[addrIndex] ?? "", input, remoteAddress, (reply) => {
        isAnswered = true;
        post({ type: "reply", id, output: this.output.send(reply) });
      });
      if (!isAnswered) post({ type: "reply", id, output: undefined });
    } else if (message.type === "input") {
      // Also where nobody wants it any more.
      const input = this.input.receive(message.input);
      this.streams.get(id)?.happened({ type: "input", input });
    } else {
      this.streams.get(id)?.receive(message);
    }
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
