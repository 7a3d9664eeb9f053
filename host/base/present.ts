/**
 * Objects that stand for something in a running program, as they are seen from outside: by console.log, by assert and the matchers of
 * test runners, by JSON.
 *
 * Behind each there is the runtime, and gigabytes of memory. So they keep what they have in private fields, and nothing that lists
 * an object's properties gets there; they print themselves in a line, and say in JSON what was probably meant.
 */
import { inspect, type InspectOptions } from "node:util";
import * as threads from "node:worker_threads";
import { attempt } from "./thrown.js";

const ON_NODE = Symbol.for("nodejs.util.inspect.custom");
const ON_DENO = Symbol.for("Deno.customInspect");
/**
 * Under this an object that goes to no other thread says what to send instead; by name, as a thread's own code and what users import are
 * different copies of this module.
 */
export const INSTEAD = Symbol.for("skein.instead");

type Facts = Readonly<Record<string, unknown>>;

/** Newer runtimes can have an object be refused where it is cloned, rather than arrive as an empty one. */
const markAsUncloneable = (threads as { markAsUncloneable?: (object: object) => void }).markAsUncloneable;

/**
 * Has the objects of a class print themselves as `Name { fact: … }`.
 *
 * @param factsOf what is said of one
 * @param hint what is to be done with one instead of writing it as JSON
 */
export function present<T extends object>(
  type: { readonly prototype: T },
  name: string,
  factsOf: (object: T) => Facts,
  hint: string,
): void {
  const line = (object: T, options?: InspectOptions): string => {
    // The prototype itself is none of them: it has no facts.
    const facts = attempt(() => factsOf(object)) ?? {};
    return `${name} ${inspect(facts, { ...options, breakLength: Infinity, compact: 3, depth: 1 })}`;
  };
  presentAs(type, line, hint);
}

/** The same for a class with words of its own, which may be its own method. */
export function presentAs<T extends object>(
  type: { readonly prototype: T },
  line: (object: T, options?: InspectOptions) => string,
  hint: string,
): void {
  const methods = {
    [ON_NODE](this: T, _depth: number, options?: InspectOptions): string {
      return line(this, options);
    },
    [ON_DENO](this: T): string {
      return line(this);
    },
    toJSON(this: T): string {
      return `${line(this)}: ${hint}`;
    },
    get [INSTEAD](): string {
      return `this stays on its thread (${hint})`;
    },
  };
  for (const key of Reflect.ownKeys(methods)) {
    if (Object.hasOwn(type.prototype, key)) continue;
    Object.defineProperty(type.prototype, key, {
      ...Object.getOwnPropertyDescriptor(methods, key),
      enumerable: false,
    });
  }
}

/** Has structuredClone and postMessage refuse an object, where that is possible. */
export function refuseClone(object: object): void {
  markAsUncloneable?.(object);
}

/** Has an object's properties be listed no more. */
export function conceal(object: object): void {
  for (const key of Reflect.ownKeys(object)) Object.defineProperty(object, key, { enumerable: false });
}
