/** Channels, select, locks and contexts between JavaScript threads. */
export { Bytes } from "./bytes.js";
export { Chan, type ElementType, type Received, type SendOptions } from "./chan.js";
export { Context } from "./context.js";
export { AbandonedError, ChanError } from "./syncerrors.js";
export type { WaitOptions } from "./host.js";
export { Guard, Mutex, RWMutex } from "./locks.js";
export { SyncMembers } from "./members.js";
export { Pool } from "./pool.js";
export { Cond, Once, Semaphore, WaitGroup } from "./primitives.js";
export { after, otherwise, recv, send, type SelectCase, type Selected } from "./cases.js";
export type { ChanOptions } from "./sync.js";
