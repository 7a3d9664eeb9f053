/**
 * Changes to AssemblyScript's library, which was not written for threads, nor for this collector: places that write to static memory, and
 * that keep references where the collector does not look.
 *
 * (Its scratch variables are no problem, being per thread; see globals.ts. Static memory is one for all.) Each patch is an
 * exact replacement, and it is an error if the text is not there: the version is pinned, and with another one each of
 * these has to be looked at again, along with `grep -rn 'memory.data(\|__alloc(' std/assembly`.
 */
interface Patch {
  /** The file, by its path in the library without extension. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const PATCHES: readonly Patch[] = [
  {
    // Floats are written to a static buffer first, and copied to a string from there.
    file: "util/number",
    from: `
  let size = dtoa_core(dtoa_buf, value, isSingle) << 1;
  let result = changetype<String>(__new(size, idof<String>()));
  memory.copy(changetype<usize>(result), dtoa_buf, size);
  return result;
`,
    to: `
  let buffer = __new(MAX_DOUBLE_LENGTH << 1, idof<String>());
  let size = dtoa_core(buffer, value, isSingle) << 1;
  return changetype<String>(__renew(buffer, size));
`,
  },
  {
    // While runs are merged, elements are in this buffer alone, and the comparison is the program's.
    file: "util/sort",
    from: `
  let buffer = __alloc(len << alignof<T>());
`,
    to: `
  let buffer: usize;
  if (isManaged<T>()) buffer = __new(len << alignof<T>(), idof<StaticArray<T>>());
  else buffer = __alloc(len << alignof<T>());
`,
  },
  {
    // The buffers of typed arrays hold no references: large ones are not looked through when a saved frame has their address.
    file: "arraybuffer",
    from: `
    let buffer = changetype<ArrayBuffer>(__new(length = length << alignLog2, idof<ArrayBuffer>()));
`,
    to: `
    // @ts-ignore: of Skein's runtime
    let buffer = changetype<ArrayBuffer>(__newBytes(length = length << alignLog2, idof<ArrayBuffer>()));
`,
  },
];

/** The text of a library file as Skein compiles it. */
export function patched(file: string, text: string): string {
  for (const { file: where, from, to } of PATCHES) {
    if (where === file) text = replaced(`AssemblyScript's ${file}.ts`, text, from, to);
  }
  return text;
}

/** The text of the core's `base/checked.ts` in a checked build. */
export function checkedText(text: string): string {
  return replaced("base/checked.ts", text, "CHECKED: bool = false;", "CHECKED: bool = true;");
}

function replaced(file: string, text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`${file} is not as Skein patches it: it has no ${from}`);
  return text.replace(from, () => to);
}
