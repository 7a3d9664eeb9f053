/** AbortSignals: one listener on each, however many wait for it, since Node warns of the eleventh. */

const waiting = new WeakMap<AbortSignal, Set<() => void>>();
let heeded = 0;

/** How many AbortSignals of this thread's would end something. What aborts them may keep no event loop alive. */
export function heededSignals(): number {
  return heeded;
}

/** Calls `action`, a function of this call's own, once, when `signal` aborts; what is returned calls that off. */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  let actions = waiting.get(signal);
  if (actions === undefined) {
    waiting.set(signal, (actions = new Set()));
    heeded++;
    signal.addEventListener("abort", aborted, { once: true });
  }
  const own = actions;
  own.add(action);
  return () => {
    if (!own.delete(action) || own.size > 0) return;
    if (waiting.delete(signal)) heeded--;
    signal.removeEventListener("abort", aborted);
  };
}

function aborted(this: AbortSignal): void {
  const actions = waiting.get(this) ?? [];
  if (waiting.delete(this)) heeded--;
  for (const action of actions) action();
}
