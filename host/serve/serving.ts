/** `serve`, with all that it takes: loaded when it is first called, so that programs without servers do without. */
import process from "node:process";
import { SkeinError } from "../base/errors.js";
import { parseAddress, resolveAddress } from "../sockets/address.js";
import { checkEvents, type Events, type Server } from "./events.js";
import { bindListeners, type Place } from "./listeners.js";
import { Loop } from "./serverloop.js";
import { ServerHandle } from "./serverhandle.js";
import { ServerBlock } from "./serverblock.js";
import { serveModule } from "./loopgroup.js";
import { choose, EpollTransport, NetTransport, type Transport } from "./transport.js";

/** As `serve` of `index.ts` says. */
export async function serve(events: Events | URL | string, ...addrs: string[]): Promise<Server> {
  if (addrs.length === 0) throw new SkeinError('nothing to serve: give addresses, as serve(events, "tcp://:8080")');
  const specs = addrs.map(parseAddress);
  if (specs.some(({ network }) => network === "unixgram")) throw new SkeinError("serve has no unixgram: use skein/net");
  const places = await Promise.all(specs.map(async (spec) => ({ spec, address: await resolveAddress(spec) })));
  if (typeof events === "string" || events instanceof URL) return serveModule(events, places);
  if (typeof events !== "object" || events === null) {
    throw new SkeinError(
      `serve needs an object of handlers, or the URL of a module that exports them, not ${typeof events}`,
    );
  }
  return serveHere(events, places);
}

/** One loop on this thread. */
async function serveHere(events: Events, places: readonly Place[]): Promise<Server> {
  const options = checkEvents(events);
  if (options.loops !== 0 && options.loops !== 1) {
    process.emitWarning(
      `serve runs an object's handlers on one loop, on this thread, and not on ${options.loops === -1 ? "as many as CPUs" : options.loops}: give the URL of a module that exports them`,
    );
  }
  const choice = choose(options, places);
  const block = ServerBlock.create(1);
  const loop = new Loop(0, events, options, block);
  let transport: Transport;
  let addrs: readonly string[];
  let release = (): void => undefined;
  if (choice.name === "epoll") {
    const listeners = await bindListeners(places, 1);
    release = () => listeners.close();
    ({ addrs } = listeners);
    try {
      transport = new EpollTransport(loop, listeners.of(0), options.loadBalance);
    } catch (error) {
      release();
      throw error;
    }
  } else {
    const net = await NetTransport.bind(loop, places);
    ({ addrs } = net);
    transport = net;
  }
  const server = new ServerHandle(addrs, block, choice, async () => {
    transport.quiet();
    release();
    await loop.end(transport, () => {});
  });
  loop.requestShutdown = () => void server.close();
  try {
    if (!loop.serving(server)) {
      await server.close();
      return server;
    }
  } catch (error) {
    await server.close();
    throw error;
  }
  transport.start();
  loop.start();
  return server;
}
