/** Values in shared memory. */
export type { Carrier } from "./carrier.js";
export { Codec } from "./codec.js";
export { Handle, isHandle, type HandleKind } from "./handles.js";
export { Transfer } from "./transfer.js";
