/** Changes to AssemblyScript's library: how arrays check indices (`indexing.ts` says why). */
import type { Patch } from "./patches.js";

const THROWS = "throw new RangeError(E_INDEXOUTOFRANGE);";

/** A check in a library file, with the length as it is written there. `hasField` if it is a field, which is 0 of null. */
function check(file: string, length: string, hasField: boolean, all = true): Patch {
  return {
    file,
    from: `if (<u32>index >= <u32>${length}) ${THROWS}`,
    to: `__checkIndex(index, ${length}, ${hasField ? "changetype<usize>(this)" : "-1"});`,
    all,
  };
}

const inlined = (file: string, from: string): Patch => ({ file, from, to: `@inline ${from}`, all: true });

/** A field that refers to nothing is found by who uses it, but an element where the array is asked. */
const HOLE = "if (!changetype<usize>(value)) throw new Error(E_HOLEYARRAY);";

export const INDEXED: readonly Patch[] = [
  {
    file: "array",
    from: `
  @operator("[]=") private __set(index: i32, value: T): void {
    if (<u32>index >= <u32>this.length_) {
`,
    to: `
  @operator("[]=") private __set(index: i32, value: T): void {
    __checkIndex(index, this.length_, changetype<usize>(this));
    store<T>(this.dataStart + (<usize>index << alignof<T>()), value);
    if (isManaged<T>()) __link(changetype<usize>(this), changetype<usize>(value), true);
  }

  // As AssemblyScript's own: an array grows with the index.
  private __grow(index: i32, value: T): void {
    if (<u32>index >= <u32>this.length_) {
`,
  },
  check("array", "this.length_", true),
  check("array", "len", false),
  check("staticarray", "this.length", false),
  check("staticarray", "len", false),
  check("typedarray", "this.byteLength", true),
  ...["i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"].map((type) =>
    check("typedarray", `this.byteLength >>> alignof<${type}>()`, true),
  ),
  check("typedarray", "len", false),
  inlined("array", `@operator("[]") private`),
  inlined("array", `@operator("[]=") private`),
  inlined("staticarray", `@operator("[]") private`),
  inlined("staticarray", `@operator("[]=") private`),
  inlined("typedarray", `@operator("[]")\n`),
  inlined("typedarray", `@operator("[]=")\n`),
  ...["array", "staticarray"].map((file) => ({
    file,
    from: HOLE,
    to: "if (!changetype<usize>(value)) __panicHole();",
    all: true,
  })),
];
