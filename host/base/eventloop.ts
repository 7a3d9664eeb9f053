/**
 * Whether anything keeps this thread's event loop going: undefined where there is no way to ask.
 *
 * Node tells by the event `beforeExit`, on every thread. Deno emits it on the main thread only, and there not while a module's top level awaits;
 * its Node layer finds out by asking the engine's embedder, which is not documented: a Deno without that question is not asked.
 */
export const hasWork: (() => boolean) | undefined = denosQuestion();

interface Internals {
  readonly core?: { readonly eventLoopHasMoreWork?: unknown };
}

function denosQuestion(): (() => boolean) | undefined {
  const { Deno: deno } = globalThis as { Deno?: { readonly internal?: symbol } & Readonly<Record<symbol, Internals>> };
  if (deno?.internal === undefined) return undefined;
  const core = deno[deno.internal]?.core;
  const question = core?.eventLoopHasMoreWork;
  return typeof question === "function" ? () => Boolean(question.call(core)) : undefined;
}
