/** Values in shared memory. */
export type { Carrier } from "./carrier.js";
export { Codec } from "./codec.js";
export { Handle, isHandle, type HandleKind } from "./handles.js";
export { Hub, type PortsCarrier, Spoke } from "./ports.js";
export { Transfer } from "./transfer.js";
