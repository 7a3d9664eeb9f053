/** Values in shared memory. */
export type { Carrier } from "./carrier.js";
export { Codec } from "./codec.js";
export { Handle, isHandle, type HandleKind } from "./handle.js";
export { Hub, type PortsCarrier, Spoke } from "./ports.js";
export { Transfer } from "./transfer.js";
