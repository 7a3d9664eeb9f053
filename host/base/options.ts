/** Objects of options, as users write them: what is not known by its name is refused, since it would be ignored. */
import { SkeinError } from "./errors.js";

/** The names of an interface's options. */
export type Names<T> = Readonly<Record<keyof Required<T> & string, true>>;

/**
 * Checks that `given` is an object of options. What the prototype of all objects has nobody has given.
 *
 * @param of what the options are of, such as `start`
 * @returns the options to use
 * @throws SkeinError that names what is none, and the option that was probably meant
 */
export function checkOptions<T>(of: string, given: unknown, known: Names<T>): T {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new SkeinError(`${of} takes an object of options, not ${shown(given)}`);
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known);
    const meant = names.find((other) => isNear(name.toLowerCase(), other.toLowerCase()));
    const hint = meant === undefined ? `it has ${names.join(", ")}` : `do you mean ${meant}?`;
    throw new SkeinError(`${of} has no option ${name}: ${hint}`);
  }
  const isPolluted = Object.keys(known).some((name) => name in Object.prototype);
  return isPolluted ? ownOptions(given as T & object) : (given as T);
}

const NONE = Object.freeze(Object.create(null) as object);

/** The same where options may be left out. */
export function optionsOf<T extends object>(of: string, given: T | undefined, known: Names<T>): Partial<T> {
  return given === undefined ? NONE : checkOptions<T>(of, given, known);
}

/** An option, unless it is the prototype of all objects that has it. */
export function optionOf<T extends object, K extends keyof T>(options: T | undefined, name: K): T[K] | undefined {
  if (options === undefined || (name in Object.prototype && !Object.hasOwn(options, name))) return undefined;
  return options[name];
}

/** A value as an error shows it: a text between quotes, so that "2" is not taken for 2. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (value instanceof Promise) return "a promise: await it first";
  return typeof value === "object" && value !== null
    ? Array.isArray(value)
      ? "an array"
      : "an object"
    : String(value);
}

/** Whether one becomes the other by a letter more, less, or other, or by two neighbours changing places. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return Math.max(restA.length, restB.length) <= 1 || (restA.length === 2 && restA === [...restB].reverse().join(""));
}

/** Options without what the prototype of all objects has: whoever put it there did not mean these. */
export function ownOptions<T extends object>(options: T): T {
  return Object.setPrototypeOf({ ...options }, null) as T;
}

/** @throws SkeinError unless it is what a program's arguments are given as */
export function checkArgs(args: readonly string[]): void {
  if (!Array.isArray(args)) throw new SkeinError(`args must be an array of texts, not ${shown(args)}`);
  for (const [i, arg] of args.entries()) {
    if (typeof arg !== "string") throw new SkeinError(`args[${i}] must be a text, not ${shown(arg)}`);
  }
}
