/** What a program's threads load if it has sockets: one file, for descriptors may be scarce by the time that a thread starts. */
export { netImports } from "./coreimports.js";
