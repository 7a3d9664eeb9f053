/** What the tests of the event loop share. */
import assert from "node:assert/strict";
import { EventLoop, type EventLoopOptions, type ExceptionContext } from "../../host/index.js";

/** A loop, and what its exception handler was told. */
export interface Watched {
  readonly loop: EventLoop;
  readonly contexts: ExceptionContext[];
}

/** Gives `body` a new loop, which is closed afterwards. */
export async function withLoop(
  body: (watched: Watched["loop"], contexts: ExceptionContext[]) => unknown,
  options?: EventLoopOptions,
): Promise<void> {
  const loop = new EventLoop(options);
  const contexts: ExceptionContext[] = [];
  loop.setExceptionHandler((_loop, context) => contexts.push(context));
  try {
    await body(loop, contexts);
  } finally {
    loop.close();
  }
}

/** Runs the loop for so many turns. */
export async function turns(loop: EventLoop, count = 1): Promise<void> {
  for (let i = 0; i < count; i++) {
    loop.stop();
    await loop.runForever();
  }
}

/** A test whose `body` is the main task of a loop of its own; nothing may be left for the exception handler. */
export const inLoop = (body: (loop: EventLoop) => Promise<void>) => (): Promise<void> =>
  withLoop(async (loop, contexts) => {
    await loop.runUntilComplete(loop.createTask(() => body(loop)));
    assert.deepEqual(contexts, []);
  });
