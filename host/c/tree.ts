/** Files by name, and folders: what a tool of LLVM sees of the disk. */
export interface Tree {
  [name: string]: Tree | string | Uint8Array;
}
