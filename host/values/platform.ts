/**
 * Objects that are not the language's own: what becomes of them on their way to another thread.
 *
 * A runtime has many classes whose state is hidden from JavaScript. Some of them its message ports can clone; the others would
 * arrive as empty objects, or not at all, depending on the runtime and its version. So an object that shows nothing of itself
 * is sent through a port of this thread's once, to see what comes out.
 */
import { types } from "node:util";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { INSTEAD } from "../base/present.js";

/** `plain`: its own properties are all that is cloned; `carried`: only a port can clone it; `refused`: nothing can. */
type Fate = "plain" | "carried" | "refused";

/** Classes that ports are known to clone, where they do. */
const CARRIED = ["Blob", "CryptoKey"];

/** Classes that nothing clones, though some runtimes make empty objects of them. */
const REFUSED = [
  "AbortController",
  "AbortSignal",
  "Event",
  "FinalizationRegistry",
  "FormData",
  "Headers",
  "MessageChannel",
  "MessagePort",
  "ReadableStream",
  "Request",
  "Response",
  "TextDecoder",
  "TextEncoder",
  "TransformStream",
  "URL",
  "URLSearchParams",
  "WeakRef",
  "WritableStream",
];

/** Prototypes of classes whose objects show nothing of themselves since there is nothing: those of users, mostly. */
const empty = new WeakSet<object>();

/** What becomes of an object that is neither an array, nor an error, nor any of the types that structured clone knows. */
export function fateOf(object: object): Fate {
  if (
    types.isPromise(object) ||
    types.isWeakMap(object) ||
    types.isWeakSet(object) ||
    types.isGeneratorObject(object) ||
    types.isModuleNamespaceObject(object) ||
    INSTEAD in object ||
    REFUSED.some((name) => isOne(object, name))
  ) {
    return "refused";
  }
  // Deno has no isKeyObject.
  const isKnown = CARRIED.some((name) => isOne(object, name)) || types.isKeyObject?.(object) === true;
  if (isKnown) return tryPort(object) === "carried" ? "carried" : "refused";
  const prototype = Object.getPrototypeOf(object) as object | null;
  if (prototype === null || empty.has(prototype) || Object.keys(object).length > 0) return "plain";
  const fate = tryPort(object);
  if (fate === "plain") empty.add(prototype);
  return fate;
}

/** Whether an object is an instance of the global class of that name, if there is one. */
export function isOne(object: object, name: string): boolean {
  const known = (globalThis as Record<string, unknown>)[name];
  return typeof known === "function" && object instanceof known;
}

function tryPort(object: object): Fate {
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(object);
    const arrived = receiveMessageOnPort(port2)?.message as object;
    return Object.getPrototypeOf(arrived) === Object.prototype ? "plain" : "carried";
  } catch {
    return "refused";
  } finally {
    port1.close();
  }
}
