/** What a program's threads load if it has sockets, or memory to give back: one file, for descriptors may be scarce by the time that a thread starts. */
export { netImports } from "./coreimports.js";
export { loadSys } from "./sys.js";
