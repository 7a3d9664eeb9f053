/**
 * The thread that has the sockets of a server whose loops are on threads, where epoll cannot be called: the runtime's sockets
 * cannot be passed between threads, so their bytes are.
 *
 * Guarantees: the connections are balanced over the loops as with epoll; a loop that does not take a stream's input, as it is slow or
 * has paused the stream, has at most INPUT_AHEAD bytes of it waiting, and the rest stays in the system.
 *
 * Ownership: a stream is this thread's from its accept until the loop's `destroy`, or its own `closed`, whichever comes first; each ends
 * with its number out of `streams`, so what crosses it on the way reaches nobody.
 */
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import type { NetStream } from "../sockets/stdlib-stream.js";
import { Ring } from "./bytering.js";
import { NetListeners } from "./listeners.js";
import { ServerBlock } from "./serverblock.js";
import { sendError, type FromIO, type FromStream, type IOData, type ToIO, type ToStream } from "./threadmessages.js";

/** Bytes of input that a loop may have waiting before its stream is read no further. */
const INPUT_AHEAD = 262144;
const NOTHING = Buffer.alloc(0);

const { places, balance, buffer, lines } = workerData as IOData;
const block = new ServerBlock(buffer);
/** The other ends: of the loops, in their order. */
const ends = lines.map(({ port, input, output }) => ({ port, input: new Ring(input), output: new Ring(output) }));
type End = (typeof ends)[number];
let listeners: NetListeners | undefined;
let ids = 0;

interface Stream {
  readonly socket: NetStream;
  sent: number;
  /** Input that the loop has not taken. */
  ahead: number;
  isHeldBack: boolean;
}

const streams = new Map<number, Stream>();

function post(port: MessagePort, message: ToStream): void {
  port.postMessage(message);
}

function accepted(socket: NetStream, addrIndex: number): void {
  const { port, input: ring } = ends[block.place(balance)] as End;
  const id = ++ids;
  const stream: Stream = { socket, sent: 0, ahead: 0, isHeldBack: false };
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
  const output = "output" in message ? ring.receive(message.output) : NOTHING;
  if (message.type === "send") {
    listeners?.send(id, output, message.to);
    return;
  }
  const stream = streams.get(id);
  if (stream === undefined) return;
  const { socket } = stream;
  switch (message.type) {
    case "write":
      stream.sent += output.length;
      socket.give(output);
      // Else `drained` will tell.
      if (socket.buffered === 0) post(port, { type: "written", id, total: stream.sent });
      break;
    case "taken":
      stream.ahead -= message.length;
      if (!stream.isHeldBack || stream.ahead > INPUT_AHEAD / 2) break;
      stream.isHeldBack = false;
      socket.resume();
      break;
    case "keepAlive":
      socket.keepAlive(message.ms);
      break;
    case "start":
    case "shutdownWrite":
      socket[message.type]();
      break;
    case "destroy":
      streams.delete(id);
      socket.destroy();
  }
}

function tell(message: FromIO): void {
  parentPort?.postMessage(message);
}

for (const end of ends) end.port.on("message", (message: FromStream) => receive(end, message));
parentPort?.on("message", ({ type }: ToIO) => {
  if (type === "start") {
    listeners?.start();
  } else {
    listeners?.close();
    tell({ type: "quiet" });
  }
});
NetListeners.bind(places, {
  accepted,
  datagram(input, id, from, remoteAddress) {
    const { port, input: ring } = ends[block.choose(balance)] as End;
    post(port, { type: "datagram", id, input: ring.send(input), from, remoteAddress });
  },
}).then(
  (bound) => {
    listeners = bound;
    tell({ type: "bound", addrs: bound.addrs });
  },
  (error: unknown) => tell({ type: "failed", error: sendError(error) }),
);
