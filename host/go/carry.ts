/**
 * Context that follows goroutines to their threads: the stores of AsyncLocalStorages that were named with `carry`, and the W3C
 * trace context where OpenTelemetry's API is in use.
 */
import type { AsyncLocalStorage } from "node:async_hooks";

const REGISTRY = Symbol.for("skein.carried");
const OTEL = Symbol.for("opentelemetry.js.api.1");
const BROUGHT = Symbol.for("skein.brought");

type Storages = Map<string, AsyncLocalStorage<unknown>>;

/** This thread's, whichever copy of this module asks. */
const storages: Storages = ((globalThis as { [REGISTRY]?: Storages })[REGISTRY] ??= new Map<
  string,
  AsyncLocalStorage<unknown>
>());

/**
 * Has the store of `storage` follow every goroutine that is started from now on: inside the goroutine `storage.getStore()` gives a
 * clone of what it was at the call. The module that calls this must be loaded on the other threads too (by the task's module,
 * say), since that is what makes the same name mean a storage there.
 */
export function carry(name: string, storage: AsyncLocalStorage<unknown>): void {
  storages.set(name, storage);
}

/** OpenTelemetry's global, as far as it matters here. */
interface Otel {
  context?: { active(): unknown; with<T>(context: unknown, fn: () => T): T };
  propagation?: {
    inject(context: unknown, carrier: object, setter: object): void;
    extract(context: unknown, carrier: object, getter: object): unknown;
  };
}

const setter = {
  set(carrier: Record<string, string>, key: string, value: string): void {
    carrier[key] = value;
  },
};
const getter = {
  keys: (carrier: Record<string, string>): string[] => Object.keys(carrier),
  get: (carrier: Record<string, string>, key: string): string | undefined => carrier[key],
};

/** What a goroutine carries with it. */
export interface Carried {
  stores?: Record<string, unknown>;
  trace?: Record<string, string>;
}

/**
 * Has the goroutines that `fn` starts before it returns carry what came from another machine, as it is: this thread need not know the
 * storages.
 */
export function passOn<T>(brought: Carried | undefined, fn: () => T): T {
  const here = globalThis as { [BROUGHT]?: Carried | undefined };
  here[BROUGHT] = brought;
  try {
    return fn();
  } finally {
    here[BROUGHT] = undefined;
  }
}

/** What a goroutine that is started here and now has to carry; usually nothing. */
export function carried(): Carried | undefined {
  const brought = (globalThis as { [BROUGHT]?: Carried | undefined })[BROUGHT];
  if (brought !== undefined) return brought;
  const otel = (globalThis as { [OTEL]?: Otel })[OTEL];
  if (storages.size === 0 && otel === undefined) return undefined;
  const all: Carried = {};
  for (const [name, storage] of storages) {
    const store = storage.getStore();
    if (store !== undefined) (all.stores ??= {})[name] = store;
  }
  if (otel?.context && otel.propagation) {
    const trace = {};
    otel.propagation.inject(otel.context.active(), trace, setter);
    if (Object.keys(trace).length > 0) all.trace = trace;
  }
  return all.stores === undefined && all.trace === undefined ? undefined : all;
}

/** Runs `fn` with what its goroutine has brought. */
export function runCarried<T>({ stores, trace }: Carried, fn: () => T): T {
  let run = fn;
  for (const [name, store] of Object.entries(stores ?? {})) {
    const storage = storages.get(name);
    if (storage === undefined) continue;
    const inner = run;
    run = () => storage.run(store, inner);
  }
  const otel = (globalThis as { [OTEL]?: Otel })[OTEL];
  if (trace === undefined || !otel?.context || !otel.propagation) return run();
  const { context, propagation } = otel;
  return context.with(propagation.extract(context.active(), trace, getter), run);
}
