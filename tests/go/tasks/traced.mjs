/**
 * Sets up this thread as OpenTelemetry's API does: a context manager and the propagator of W3C's trace context, in the global
 * object under the API's symbol.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { current } from "../../../dist/index.js";

const storage = new AsyncLocalStorage();
const ROOT = {};

globalThis[Symbol.for("opentelemetry.js.api.1")] = {
  version: "1.9.0",
  context: {
    active: () => storage.getStore() ?? ROOT,
    with: (context, fn, thisArg, ...args) => storage.run(context, () => fn.call(thisArg, ...args)),
  },
  propagation: {
    inject(context, carrier, setter) {
      if (context.traceparent !== undefined) setter.set(carrier, "traceparent", context.traceparent);
    },
    extract(context, carrier, getter) {
      if (!getter.keys(carrier).includes("traceparent")) return context;
      return { ...context, traceparent: getter.get(carrier, "traceparent") };
    },
    fields: () => ["traceparent"],
  },
};

/** Runs `fn` inside the span of that traceparent. */
export function inSpan(traceparent, fn) {
  return storage.run({ traceparent }, fn);
}

const active = () => storage.getStore()?.traceparent;

/** The traceparent here, after a wait, and in a goroutine of this one's. */
export async function traceparents() {
  const first = active();
  await new Promise((resolve) => setTimeout(resolve, 1));
  return [first, active(), await current().go(traceparentNow)];
}

export function traceparentNow() {
  return active();
}
