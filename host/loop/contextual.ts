/**
 * Callbacks in the context of the call that scheduled them: what every `AsyncLocalStorage` held then, it holds for them.
 *
 * A `Contextual` takes the context as it is constructed; `enter` calls `invoke` in it. On Node it is an `AsyncResource`, which
 * costs some 30 ns from construction to the end of the call. Deno's costs two microseconds (it registers itself with
 * a FinalizationRegistry), but what it is made of, a value to get and to set, is within reach, and costs as little as Node's. If a Deno
 * should no longer have that, it gets the `AsyncResource` too.
 */
import { AsyncResource } from "node:async_hooks";

interface Contextual {
  /** Calls `invoke`. */
  enter(): void;
}

interface ContextualConstructor {
  new (): Contextual;
}

interface Invocable {
  invoke(): void;
}

function invoke(it: Invocable): void {
  it.invoke();
}

class Resource extends AsyncResource implements Contextual {
  constructor() {
    super("SkeinEventLoopHandle");
  }

  enter(): void {
    this.runInAsyncScope(invoke, undefined, this);
  }
}

/** Deno's own access to the context that its `AsyncLocalStorage` is made of. */
interface DenoContext {
  readonly getAsyncContext: () => unknown;
  readonly setAsyncContext: (context: unknown) => void;
}

function denoContext(): DenoContext | undefined {
  const deno = (globalThis as { Deno?: { internal?: symbol } & Record<symbol, { core?: Partial<DenoContext> }> }).Deno;
  const core = deno?.internal === undefined ? undefined : deno[deno.internal]?.core;
  if (typeof core?.getAsyncContext !== "function" || typeof core.setAsyncContext !== "function") return undefined;
  return core as DenoContext;
}

function frame({ getAsyncContext, setAsyncContext }: DenoContext): ContextualConstructor {
  return class Frame implements Contextual {
    private readonly context = getAsyncContext();

    enter(): void {
      const outer = getAsyncContext();
      setAsyncContext(this.context);
      try {
        invoke(this as unknown as Invocable);
      } finally {
        setAsyncContext(outer);
      }
    }
  };
}

const deno = denoContext();

/** A function that calls `callback` in the context of this call, and has its name, for messages. */
export function bound<A extends readonly unknown[]>(callback: (...args: A) => unknown): (...args: A) => unknown {
  const inContext = AsyncResource.bind(callback as (...args: readonly unknown[]) => unknown, "SkeinEventLoopCallback");
  return Object.defineProperty(inContext, "name", { value: callback.name });
}

/** The class from which handles inherit; they implement `invoke`, which must not throw. */
export const ContextualBase: ContextualConstructor = deno === undefined ? Resource : frame(deno);
