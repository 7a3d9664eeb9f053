/**
 * Callbacks in the context of the call that scheduled them: what every `AsyncLocalStorage` held then, it holds for them.
 *
 * A `Contextual` takes the context as it is constructed; `enter` has `invoke` called in it. There are two ways to that:
 *
 * - On Node it is an `AsyncResource`, which costs some 30 ns from construction to the end of the call, and `enter` calls
 *   `invoke` at once.
 * - Deno's `AsyncResource` costs two microseconds (it registers itself with a FinalizationRegistry). But there the engine
 *   itself keeps the context for reactions of promises, for some 100 ns: `enter` resolves a promise whose reaction is `invoke`.
 *   So `invoke` is called by a microtask, and whoever enters several must go on in a later microtask. They keep their order.
 *
 * On both, therefore: what was entered has been invoked before a microtask runs that was queued after entering it.
 */
import { AsyncResource } from "node:async_hooks";
import process from "node:process";

export interface Contextual {
  /** Has `invoke` called, once, before microtasks that are queued from now on. */
  enter(): void;
}

interface ContextualConstructor {
  new (): Contextual;
}

/** Set by the executor below, which runs within `new Promise`; one function for all, so that none is made for each. */
let resolveLatest: (value: Invocable) => void;

function executor(resolve: (value: Invocable) => void): void {
  resolveLatest = resolve;
}

interface Invocable {
  invoke(): void;
}

function invoke(it: Invocable): void {
  it.invoke();
}

class Reaction implements Contextual {
  private readonly resolve: (value: Invocable) => void;

  constructor() {
    const promise = new Promise<Invocable>(executor);
    this.resolve = resolveLatest;
    void promise.then(invoke);
  }

  enter(): void {
    this.resolve(this as unknown as Invocable);
  }
}

class Resource extends AsyncResource implements Contextual {
  constructor() {
    super("SkeinEventLoopHandle");
  }

  enter(): void {
    this.runInAsyncScope(invoke, undefined, this);
  }
}

/** The class from which handles inherit; they implement `invoke`, which must not throw. */
export const ContextualBase: ContextualConstructor = "deno" in process.versions ? Reaction : Resource;
