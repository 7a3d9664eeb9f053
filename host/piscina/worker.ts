/**
 * A pool's side of its threads: finds the function of a task as piscina does, and calls it. Loaded once by each thread, for one
 * pool, whose number is in the URL.
 */
import os from "node:os";
import { BroadcastChannel, getEnvironmentData, parentPort } from "node:worker_threads";
import { current } from "../go/current.js";
import type { ThreadScope } from "../go/scope.js";
import { loadModule } from "../go/modules.js";
import { transfer } from "../go/moved.js";
import { isMovable, transferListOf, valueSymbol } from "./move.js";
import { poolKey, setThreadState, Tally, type Message, type PoolData } from "./state.js";

type Handler = (task: unknown) => unknown;

const pool = Number(new URL(import.meta.url).searchParams.get("pool"));
const data = getEnvironmentData(poolKey(pool)) as unknown as PoolData;

/** The functions that have been found, by file and export. */
const handlers = new Map<string, Handler | Promise<Handler>>();
let defaultHandler: Handler | undefined;

/** Runs a task with the pool's own function. */
export function run(task: unknown): unknown {
  if (defaultHandler !== undefined) return sent(defaultHandler(task));
  return runNamed(task, data.filename ?? "", data.name);
}

/** Runs it with another. */
export function runNamed(task: unknown, filename: string, name: string): unknown {
  const handler = handlerOf(filename, name);
  if (typeof handler === "function") return sent(handler(task));
  return handler.then((found) => found(task)).then(sent);
}

/** Loads the pool's own function. */
export async function warmUp(): Promise<void> {
  if (data.filename !== null) await handlerOf(data.filename, data.name);
}

/** A result as it is sent: what went through `move` is moved. */
function sent(result: unknown): unknown {
  if (result instanceof Promise) return result.then(sent);
  return isMovable(result) ? transfer(result[valueSymbol], transferListOf(result)) : result;
}

function handlerOf(filename: string, name: string): Handler | Promise<Handler> {
  const key = `${name}\n${filename}`;
  let handler = handlers.get(key);
  if (handler === undefined) {
    handler = find(filename, name).then((found) => {
      handlers.set(key, found);
      if (filename === data.filename && name === data.name) defaultHandler = found;
      return found;
    });
    handlers.set(key, handler);
    // A later task may find the file where it was missing.
    handler.catch(() => handlers.delete(key));
  }
  return handler;
}

/** An export, or what a promise that is exported resolves to; of a CommonJS module what `module.exports` has. */
async function find(filename: string, name: string): Promise<Handler> {
  const module = await loadModule(filename);
  const exported = await module[name];
  if (typeof exported === "function") return exported as Handler;
  const ofCommonJs = await (module.default as Record<string, unknown> | null | undefined)?.[name];
  if (typeof ofCommonJs === "function") return ofCommonJs as Handler;
  throw new Error(`No handler function exported from ${filename}${name === "default" ? "" : ` as ${name}`}`);
}

function prepareThread({ workerData, niceIncrement, keepsTurning, messages, tally: shared }: PoolData): void {
  setThreadState(workerData);
  if (niceIncrement > 0) os.setPriority(Math.min(os.getPriority() + niceIncrement, os.constants.priority.PRIORITY_LOW));
  // A thread that waits for something takes turns of its event loop for as long as it waits.
  if (keepsTurning) (current() as ThreadScope).keepTurning();
  const tally = new Tally(shared);
  const send = sender(messages, tally);
  // The thread that started this one is not the pool's.
  if (parentPort !== null) parentPort.postMessage = (posted: unknown) => send({ posted });
  tally.ready(performance.timeOrigin + performance.now());
}

/** Sends to the pool, which knows how much is to come. */
function sender(name: string, tally: Tally): (message: Message) => void {
  let channel: BroadcastChannel | undefined;
  return (message) => {
    if (channel === undefined) {
      channel = new BroadcastChannel(name);
      channel.unref();
    }
    tally.count(1);
    try {
      channel.postMessage(message);
    } catch (error) {
      tally.count(-1);
      throw error;
    }
  };
}

prepareThread(data);
// Before any task is here: one that awaited its module would stay, and keep others of its thread waiting when it computes. What is wrong
// with the module the tasks tell.
await warmUp().catch(() => undefined);
