/** piscina, with bytes that are never in shared memory, whatever the benchmark asks for: what sharing saves. */
export { open } from "./piscina.mjs";
export const sharesMemory = false;
