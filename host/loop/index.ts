/** An event loop for the main thread and for workers, after asyncio's. */
export { EventLoop, getRunningLoop, type EventLoopOptions, type ExceptionHandler } from "./eventloop.js";
export type { ExceptionContext } from "./exceptions.js";
export type { Callback, Handle, TimerHandle } from "./handles.js";
export { Future, type DoneCallback } from "./future.js";
export {
  eagerTaskFactory,
  Task,
  type Coroutine,
  type CoroutineGenerator,
  type TaskFactory,
  type TaskOptions,
} from "./task.js";
export { captureCallGraph, formatCallGraph, printCallGraph, type CallGraph } from "./callgraph.js";
export type { Awaitable, GatherOptions, Results } from "./combine.js";
export type { Body, ReturnWhen, TaskGroup, Timeout, Waited, WaitSomeOptions } from "./groups.js";
export { type Barrier, type Condition, type Lock, type LoopEvent, type LoopSemaphore } from "./looplocks.js";
export { type PriorityQueueOptions, type Queue, type QueueOptions } from "./loopqueues.js";
export {
  StreamReader,
  type ClientConnected,
  type StreamAddress,
  type StreamOptions,
  type StreamServer,
  type StreamWriter,
} from "./loopstreams.js";
export { run, Runner, type Main, type RunnerOptions } from "./looprunner.js";
export type { RemoteFuture } from "./answers.js";
export type { LoopHandle, RemoteLoop } from "./remoteloop.js";
export {
  BrokenBarrierError,
  CancelledError,
  IncompleteReadError,
  InvalidStateError,
  KeyboardInterrupt,
  LimitOverrunError,
  LoopError,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  TimeoutError,
} from "./looperrors.js";
