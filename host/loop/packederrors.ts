/** What was thrown, on its way to another thread without a runtime: errors keep class, name, message, stack, cause and properties. */
import { serialize } from "node:v8";
import { attempt, isError, stackOf, wordsOf } from "../base/thrown.js";
import { completeError, errorClass, newError } from "../values/errorclasses.js";

/** A value that the serialiser takes. */
export interface Packed {
  readonly value?: unknown;
  readonly error?: {
    readonly base: string;
    readonly name: string;
    readonly message: string;
    readonly stack: string | undefined;
    readonly cause: Packed | undefined;
    readonly errors: readonly Packed[] | undefined;
    readonly properties: readonly (readonly [string, Packed])[];
  };
}

/** Causes of causes that are packed; the serialiser has no more stack than others. */
const DEEPEST = 50;
const OWN_PLACE = new Set(["name", "message", "stack", "cause", "errors"]);

/** Nothing thrown is lost: what cannot be copied becomes words about it. */
export function packError(thrown: unknown, depth = 0): Packed {
  if (!isError(thrown) && !(thrown instanceof DOMException)) {
    return {
      value: attempt(() => (serialize(thrown), thrown)) ?? (thrown === undefined ? undefined : wordsOf(thrown)),
    };
  }
  if (depth > DEEPEST) return { value: wordsOf(thrown) };
  const error = thrown as Error & { readonly errors?: unknown };
  const inner = (value: unknown): Packed => packError(value, depth + 1);
  const errors = attempt(() => error.errors);
  return {
    error: {
      base: errorClass(error),
      name: attempt(() => String(error.name)) ?? "Error",
      message: attempt(() => String(error.message)) ?? "",
      stack: stackOf(error),
      cause: Object.hasOwn(error, "cause") ? inner(attempt(() => error.cause)) : undefined,
      errors: Array.isArray(errors) ? errors.map(inner) : undefined,
      properties: Object.keys(error)
        .filter((name) => !OWN_PLACE.has(name))
        .map((name) => [name, inner(attempt(() => error[name as keyof Error]))]),
    },
  };
}

export function unpackError({ value, error }: Packed): unknown {
  if (error === undefined) return value;
  const { base, name, message, stack, cause, errors, properties } = error;
  const made = newError(base, name, message);
  completeError(made, {
    base,
    name,
    stack,
    hasCause: cause !== undefined,
    cause: cause && unpackError(cause),
    errors: errors?.map(unpackError),
    message,
  });
  for (const [key, packed] of properties) {
    Object.defineProperty(made, key, {
      value: unpackError(packed),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return made;
}
