/**
 * The thread that has the sockets of a server whose loops are on threads, where epoll cannot be called: the runtime's sockets
 * cannot be passed between threads, so their bytes are.
 *
 * Guarantees: the connections are balanced over the loops as with epoll; a loop that is slow to take a stream's input has at
 * most INPUT_AHEAD bytes of it waiting.
 */
import { Buffer } from "node:buffer";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { isDatagram } from "../sockets/address.js";
import type { ListenSocket, StreamSocket } from "../sockets/socket.js";
import { listenDatagrams, listenNet } from "../sockets/stdlib.js";
import { Ring } from "./bytering.js";
import { sendError, type FromIO, type FromStream, type IOData, type ToIO, type ToStream } from "./threadmessages.js";
import { ServerBlock } from "./serverblock.js";

/** Bytes of input that a loop may have waiting before its stream is read no further. */
const INPUT_AHEAD = 262144;
const NOTHING = Buffer.alloc(0);

const { places, balance, buffer, lines } = workerData as IOData;
const block = new ServerBlock(buffer);
/** The other ends: of the loops, in their order. */
const ends = lines.map(({ port, input, output }) => ({ port, input: new Ring(input), output: new Ring(output) }));
type End = (typeof ends)[number];
const listeners: ListenSocket[] = [];
/** What came before the loops had started. */
let early: (() => void)[] | undefined = [];
let ids = 0;

interface Stream {
  readonly socket: StreamSocket;
  sent: number;
  /** Input that the loop has not taken. */
  ahead: number;
  isHeldBack: boolean;
  isPaused: boolean;
}

const streams = new Map<number, Stream>();
const replies = new Map<number, (output: Uint8Array) => void>();

function post(port: MessagePort, message: ToStream): void {
  port.postMessage(message);
}

function accepted(socket: StreamSocket, addrIndex: number): void {
  const loop = block.choose(balance);
  block.addConnections(loop, 1);
  const { port, input: ring } = ends[loop] as End;
  const id = ++ids;
  const stream: Stream = { socket, sent: 0, ahead: 0, isHeldBack: false, isPaused: false };
  streams.set(id, stream);
  socket.handler = {
    input(input) {
      stream.ahead += input.length;
      post(port, { type: "input", id, input: ring.send(input) });
      if (stream.ahead <= INPUT_AHEAD || stream.isHeldBack) return;
      stream.isHeldBack = true;
      socket.pause();
    },
    ended: () => post(port, { type: "ended", id }),
    drained: () => post(port, { type: "written", id, total: stream.sent }),
    closed(error) {
      streams.delete(id);
      post(port, { type: "closed", id, error: sendError(error) });
    },
  };
  const { localAddress, remoteAddress } = socket;
  post(port, { type: "opened", id, addrIndex, localAddress, remoteAddress });
}

function receive({ port, output: ring }: End, message: FromStream): void {
  const { id } = message;
  // Also where nobody wants it any more.
  const output = "output" in message && message.output !== undefined ? ring.receive(message.output) : NOTHING;
  if (message.type === "reply") {
    if (message.output !== undefined) replies.get(id)?.(output);
    replies.delete(id);
    return;
  }
  const stream = streams.get(id);
  if (stream === undefined) return;
  const { socket } = stream;
  switch (message.type) {
    case "start":
      socket.start();
      break;
    case "write":
      stream.sent += output.length;
      socket.write(output);
      // Else `drained` will tell.
      if (socket.buffered === 0) post(port, { type: "written", id, total: stream.sent });
      break;
    case "taken":
      stream.ahead -= message.length;
      if (stream.isHeldBack && stream.ahead <= INPUT_AHEAD / 2) {
        stream.isHeldBack = false;
        if (!stream.isPaused) socket.resume();
      }
      break;
    case "pause":
      stream.isPaused = true;
      socket.pause();
      break;
    case "resume":
      stream.isPaused = false;
      if (!stream.isHeldBack) socket.resume();
      break;
    case "shutdownWrite":
      socket.shutdownWrite();
      break;
    case "keepAlive":
      socket.keepAlive(message.ms);
      break;
    case "destroy":
      streams.delete(id);
      socket.destroy();
      break;
  }
}

function whenStarted(event: () => void): void {
  if (early === undefined) event();
  else early.push(event);
}

async function bind(): Promise<void> {
  for (const [addrIndex, { spec, address }] of places.entries()) {
    listeners.push(
      isDatagram(spec.network)
        ? await listenDatagrams(spec, address, (input, remoteAddress, reply) =>
            whenStarted(() => {
              const id = ++ids;
              replies.set(id, reply);
              const { port, input: ring } = ends[block.choose(balance)] as End;
              post(port, { type: "datagram", id, addrIndex, input: ring.send(input), remoteAddress });
            }),
          )
        : await listenNet(spec, address, (stream) => whenStarted(() => accepted(stream, addrIndex))),
    );
  }
}

function tell(message: FromIO): void {
  parentPort?.postMessage(message);
}

for (const end of ends) end.port.on("message", (message: FromStream) => receive(end, message));
parentPort?.on("message", ({ type }: ToIO) => {
  if (type === "start") {
    const waiting = early ?? [];
    early = undefined;
    for (const event of waiting) event();
  } else {
    for (const listener of listeners.splice(0)) listener.close();
    tell({ type: "quiet" });
  }
});
bind().then(
  () => tell({ type: "bound", addrs: listeners.map(({ address }) => address) }),
  (error: unknown) => {
    for (const listener of listeners.splice(0)) listener.close();
    tell({ type: "failed", error: sendError(error) });
  },
);
