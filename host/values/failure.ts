/** What cannot be cloned: a DataCloneError that says what it is and where it was found. */

import { types } from "node:util";
import { INSTEAD } from "../base/present.js";

/** How deep `wayTo` looks, and at how many objects. */
const MAX_DEPTH = 8;
const MAX_OBJECTS = 10_000;

/** Thrown inside the writer, and turned into a DataCloneError once the root is known. */
export class Uncloneable extends Error {
  readonly culprit: unknown;

  constructor(culprit: unknown, why?: string) {
    super(why ?? `${describe(culprit)} could not be cloned`);
    this.culprit = culprit;
  }

  /** The error for the caller. */
  toDataCloneError(root: unknown): DOMException {
    const way = this.culprit === root ? undefined : wayTo(this.culprit, root);
    const where = way === undefined ? "" : ` (at ${way.path})`;
    const known = (way?.through ?? [root]).map(insteadOf).find((text) => text !== undefined);
    const instead = known ?? hintFor(this.culprit);
    return new DOMException(`${this.message}${where}${instead === undefined ? "" : `: ${instead}`}`, "DataCloneError");
  }
}

/** A value in a few words. */
export function describe(value: unknown): string {
  if (typeof value === "symbol") return value.toString();
  if (typeof value === "function") {
    const text = Function.prototype.toString.call(value);
    if (text.length <= 60 && !text.includes("\n")) return text;
    return value.name === "" ? "a function" : `function ${value.name}`;
  }
  if (typeof value !== "object" || value === null) return String(value);
  if (types.isProxy(value)) return "#<Proxy>";
  const { constructor } = value as { constructor?: unknown };
  const name = typeof constructor === "function" ? constructor.name : "";
  return `#<${name === "" ? "Object" : name}>`;
}

function insteadOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return undefined;
  const text = (value as { readonly [INSTEAD]?: unknown })[INSTEAD];
  return typeof text === "string" ? text : undefined;
}

/** What to do instead of sending what stays on its thread by its nature. */
function hintFor(culprit: unknown): string | undefined {
  if (typeof culprit === "function") {
    return "a function is no value to send: have a module export it, and import it there";
  }
  if (types.isPromise(culprit)) return "await it first";
  if (culprit instanceof AbortSignal || culprit instanceof AbortController) {
    return "give its signal to rt.go.with({ signal }, …), and take context().signal inside";
  }
  return undefined;
}

/** The way from one value to another that is in it. */
interface Way {
  /** As an expression: `value.options.callback`. */
  readonly path: string;
  /** The objects on it, the innermost first. */
  readonly through: unknown[];
}

/** Where `culprit` is in `root`. Undefined if it is not to be found by own data properties. */
function wayTo(culprit: unknown, root: unknown): Way | undefined {
  const seen = new Set<unknown>();
  const look = (value: unknown, path: string, depth: number): Way | undefined => {
    if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
    if (depth > MAX_DEPTH || seen.size > MAX_OBJECTS) return undefined;
    seen.add(value);
    const parts: [string, unknown][] = [];
    if (value instanceof Map) {
      let i = 0;
      for (const [key, part] of value) parts.push([`<key ${i}>`, key], [`<entry ${i++}>`, part]);
    } else if (value instanceof Set) {
      let i = 0;
      for (const part of value) parts.push([`<member ${i++}>`, part]);
    }
    for (const [key, { value: part }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      parts.push([/^\d+$/.test(key) ? `[${key}]` : `.${key}`, part]);
    }
    for (const [name, part] of parts) {
      const here = path + name;
      const found = part === culprit ? { path: here, through: [culprit] } : look(part, here, depth + 1);
      if (found === undefined) continue;
      found.through.push(value);
      return found;
    }
    return undefined;
  };
  try {
    return look(root, "value", 0);
  } catch {
    return undefined; // a proxy's trap
  }
}
