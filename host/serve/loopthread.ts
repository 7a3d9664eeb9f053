/**
 * The thread of a loop: imports the module of handlers and runs the loop that they belong to.
 *
 * Guarantees: an error that nothing here catches, in the module's own timers or promises, ends the server, and every connection
 * of the loop is closed first; the thread takes the turns of its event loop, so the module may use what it likes of the runtime.
 */
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { checkEvents, type Events } from "./events.js";
import { Loop } from "./serverloop.js";
import { sendError, type FromLoop, type LoopData, type ToLoop } from "./threadmessages.js";
import { PortTransport } from "./portsockets.js";
import { ServerHandle } from "./serverhandle.js";
import { ServerBlock } from "./serverblock.js";
import { EpollTransport, type Transport } from "./transport.js";

const { module, index } = workerData as LoopData;
let events: Events = {};
let loop: Loop | undefined;
let transport: Transport | undefined;
let stopped: (() => void) | undefined;

function tell(message: FromLoop): void {
  parentPort?.postMessage(message);
}

function fail(error: unknown): void {
  tell({ type: "failed", error: sendError(error) });
}

async function load(): Promise<void> {
  const namespace = (await import(module)) as Events & { default?: Events };
  const { default: given } = namespace;
  events = typeof given === "object" && given !== null ? given : namespace;
  tell({ type: "ready", options: checkEvents(events) });
}

function setUp(message: ToLoop & { type: "setup" }): void {
  const block = new ServerBlock(message.buffer);
  loop = new Loop(index, events, checkEvents(events), block);
  loop.requestShutdown = () => tell({ type: "shutdown" });
  transport =
    message.line === undefined
      ? new EpollTransport(loop, message.shared, loop.options.loadBalance)
      : new PortTransport(loop, message.line, message.addrs);
  if (index > 0) {
    tell({ type: "set", go: true });
    return;
  }
  const server = new ServerHandle(message.addrs, block, message.choice, () => {
    tell({ type: "shutdown" });
    return new Promise((resolve) => (stopped = resolve));
  });
  tell({ type: "set", go: loop.serving(server) });
}

async function stop(): Promise<void> {
  let detached = 0;
  if (loop !== undefined && transport !== undefined) {
    detached = await loop.end(transport, (closed) => void closed.then(() => tell({ type: "deserted" }), fail));
  }
  stopped?.();
  tell({ type: "stopped", detached });
}

process.on("uncaughtException", fail);
process.on("exit", () => transport?.abandon());
parentPort?.on("message", (message: ToLoop) => {
  try {
    if (message.type === "setup") {
      setUp(message);
    } else if (message.type === "start") {
      transport?.start();
      loop?.start();
    } else if (message.type === "quiet") {
      transport?.quiet();
      tell({ type: "quiet" });
    } else {
      stop().catch(fail);
    }
  } catch (error) {
    fail(error);
  }
});
load().catch(fail);
