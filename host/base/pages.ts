/** Pages of WebAssembly's memories. */

/** Bytes of a WebAssembly page. */
export const PAGE = 65536;
/** Pages of the whole 32-bit address space. */
export const ALL_PAGES = 65536;
