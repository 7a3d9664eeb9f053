/** Errors on their way: which class they are made of again, and how. */

import { unprepared } from "../base/thrown.js";

const CLASSES: Readonly<Record<string, new (message?: string) => Error>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** The fields of an error that are its own business rather than properties. */
interface ErrorFields {
  readonly base: string;
  readonly name: string;
  readonly message: string;
  readonly stack: unknown;
  readonly hasCause: boolean;
  readonly cause: unknown;
  readonly errors: unknown;
}

/** The built-in class that an error is an instance of, in its own realm. */
export function errorClass(error: object): string {
  if (error instanceof DOMException) return "DOMException";
  if (error instanceof AggregateError) return "AggregateError";
  for (const [name, known] of Object.entries(CLASSES)) if (name !== "Error" && error instanceof known) return name;
  if (error instanceof Error) return "Error";
  for (let o: unknown = Object.getPrototypeOf(error); o !== null; o = Object.getPrototypeOf(o)) {
    const { name } = Object.getOwnPropertyDescriptor(o, "constructor")?.value as { name: string };
    if (name === "AggregateError" || Object.hasOwn(CLASSES, name)) return name;
  }
  return "Error";
}

/** An error without its fields; they are set by `completeError`, as what they refer to may refer to it. */
export function newError(base: string, name: string, message: string): Error {
  if (base === "DOMException") return new DOMException(message, name);
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0; // it gets the stack of where it was made
  try {
    if (base === "AggregateError") return new AggregateError([], message);
    return new (CLASSES[base] ?? Error)(message);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

export function completeError(error: Error, fields: ErrorFields): void {
  if (fields.base !== "DOMException" && error.name !== fields.name) hidden(error, "name", fields.name);
  // To define it has the engine write the old one.
  if (typeof fields.stack === "string") unprepared(() => hidden(error, "stack", fields.stack));
  if (fields.hasCause) hidden(error, "cause", fields.cause);
  if (fields.errors !== undefined) hidden(error, "errors", fields.errors);
}

function hidden(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, writable: true, configurable: true, enumerable: false });
}
