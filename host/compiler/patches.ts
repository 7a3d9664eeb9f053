/**
 * Changes to AssemblyScript's library, which was not written for threads, nor for this collector: places that write to static memory, that
 * keep references where the collector does not look, and that move references without a write barrier, which is right only where nobody
 * marks meanwhile (`runtime/memory/mark.ts` says what visitors rely on).
 *
 * (Its scratch variables are no problem, being per thread; see globals.ts. Static memory is one for all.) Each patch is an
 * exact replacement, and it is an error if the text is not there: the version is pinned, and with another one each of
 * these has to be looked at again, along with `grep -rn 'memory.data(\|__alloc(' std/assembly`.
 */
import { FASTER } from "./faster.js";
import { INDEXED } from "./indexed.js";
import type { Settings } from "./options.js";

export interface Patch {
  /** The file, by its path in the library without extension. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** All places, not the first alone. */
  readonly all?: boolean;
  /** All from there to the end of the file. */
  readonly rest?: boolean;
}

/** Elements that a visitor looks through at a time. */
const ELEMENTS_AT_ONCE = 1024;

/** In a visitor: ends at `end` elements, or sooner, and leaves the rest for later. */
function partOf(end: string): string {
  const next = `cookie + ${String(ELEMENTS_AT_ONCE)}`;
  return `// @ts-ignore: of Skein's runtime
      if (${next} < ${end} && __visitRest(changetype<usize>(this), ${next})) ${end} = ${next};`;
}

const PATCHES: readonly Patch[] = [
  {
    file: "util/string",
    from: "import {",
    to: 'import { decimal, floatOf } from "../skein/text/floats";\nimport {',
  },
  {
    // It was off by powers of ten where digits and exponent are many.
    file: "util/string",
    from: `
  return copysign<f64>(scientific(x, position - min(capacity, consumed) + parseExp(ptr, len)), sign);
`,
    to: `
  const given = parseExp(ptr, len);
  if (consumed <= capacity) return copysign<f64>(decimal(x, position - consumed + given), sign);
  const start = (savedPtr - changetype<usize>(str)) >> 1;
  const end = ((len == 0 ? ptr + 2 : ptr) - changetype<usize>(str)) >> 1;
  return copysign<f64>(floatOf(str.substring(<i32>start, <i32>end) + "e" + given.toString(), false), sign);
`,
  },
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
  {
    // Sorting moves references from place to place, and the comparison is the program's.
    file: "util/sort",
    from: "store<T>(",
    to: "put<T>(",
    all: true,
  },
  {
    file: "util/sort",
    from: `
type Comparator<T> = (a: T, b: T) => i32;
`,
    to: `
type Comparator<T> = (a: T, b: T) => i32;

// @ts-ignore: decorator
@inline
function put<T>(ptr: usize, value: T, offset: usize = 0): void {
  store<T>(ptr + offset, value);
  if (isManaged<T>()) __link(ptr, changetype<usize>(value), true);
}
`,
  },
  {
    file: "util/bytes",
    from: `
      store<T>(front, load<T>(back));
      store<T>(back, temp);
`,
    to: `
      store<T>(front, load<T>(back));
      store<T>(back, temp);
      if (isManaged<T>()) {
        __link(ptr, changetype<usize>(load<T>(front)), true);
        __link(ptr, changetype<usize>(temp), true);
      }
`,
  },
  {
    // What is behind the length is null, so that a visitor can go by the buffer alone, and what was taken out is not kept.
    file: "array",
    from: `
    this.length_ = newLength;
`,
    to: `
    if (isManaged<T>() && newLength < this.length_) {
      memory.fill(
        this.dataStart + (<usize>newLength << alignof<T>()),
        0,
        <usize>(this.length_ - newLength) << alignof<T>()
      );
    }
    this.length_ = newLength;
`,
  },
  {
    file: "array",
    from: `
    let val = load<T>(this.dataStart + (<usize>(--len) << alignof<T>()));
`,
    to: `
    let val = load<T>(this.dataStart + (<usize>(--len) << alignof<T>()));
    if (isManaged<T>()) store<usize>(this.dataStart + (<usize>len << alignof<T>()), 0);
`,
  },
  ...["array", "staticarray"].map((file) => ({
    file,
    from: `
    memory.copy( // is memmove
`,
    to: `
    if (isManaged<T>()) {
      // @ts-ignore: of Skein's runtime
      __linkRange(ptr + (<usize>from << alignof<T>()), ptr + (<usize>(from + count) << alignof<T>()));
    }
    memory.copy( // is memmove
`,
  })),
  {
    file: "array",
    from: `
    let lastIndex = len - 1;
    memory.copy(
`,
    to: `
    let lastIndex = len - 1;
    // @ts-ignore: of Skein's runtime
    if (isManaged<T>()) __linkRange(base, base + (<usize>len << alignof<T>()));
    memory.copy(
`,
  },
  {
    file: "array",
    from: `
    memory.copy(
      ptr + sizeof<T>(),
`,
    to: `
    // @ts-ignore: of Skein's runtime
    if (isManaged<T>()) __linkRange(ptr, ptr + (<usize>(len - 1) << alignof<T>()));
    memory.copy(
      ptr + sizeof<T>(),
`,
  },
  {
    file: "array",
    from: `
    memory.copy(
      resultStart,
`,
    to: `
    // @ts-ignore: of Skein's runtime
    if (isManaged<T>()) __linkRange(thisBase, thisStart + (<usize>len << alignof<T>()));
    memory.copy(
      resultStart,
`,
  },
  {
    file: "array",
    from: `
    this.length_ = len - deleteCount;
`,
    to: `
    if (isManaged<T>()) {
      memory.fill(
        thisStart + (<usize>(len - deleteCount) << alignof<T>()),
        0,
        <usize>deleteCount << alignof<T>()
      );
    }
    this.length_ = len - deleteCount;
`,
  },
  {
    file: "array",
    from: `
    if (isManaged<T>()) {
      let cur = this.dataStart;
      let end = cur + (<usize>this.length_ << alignof<T>());
      while (cur < end) {
        let val = load<usize>(cur);
        if (val) __visit(val, cookie);
        cur += sizeof<usize>();
      }
    }
    __visit(changetype<usize>(this.buffer), cookie);
`,
    to: `
    let buffer = changetype<usize>(this.buffer);
    if (!buffer) return;
    if (isManaged<T>()) {
      let end = changetype<OBJECT>(buffer - TOTAL_OVERHEAD).rtSize >>> alignof<usize>();
      ${partOf("end")}
      for (let i = cookie; i < end; ++i) {
        let val = load<usize>(buffer + (<usize>i << alignof<usize>()));
        if (val) __visit(val, 0);
      }
    }
    __visit(buffer, 0);
`,
  },
  {
    file: "array",
    from: `import { BLOCK_MAXSIZE } from "./rt/common";`,
    to: `import { BLOCK_MAXSIZE, OBJECT, TOTAL_OVERHEAD } from "./rt/common";`,
  },
  {
    file: "staticarray",
    from: `
      let cur = changetype<usize>(this);
      let end = cur + changetype<OBJECT>(changetype<usize>(this) - TOTAL_OVERHEAD).rtSize;
      while (cur < end) {
        let val = load<usize>(cur);
        if (val) __visit(val, cookie);
        cur += sizeof<usize>();
      }
`,
    to: `
      let end = changetype<OBJECT>(changetype<usize>(this) - TOTAL_OVERHEAD).rtSize >>> alignof<usize>();
      ${partOf("end")}
      for (let i = cookie; i < end; ++i) {
        let val = load<usize>(changetype<usize>(this) + (<usize>i << alignof<usize>()));
        if (val) __visit(val, 0);
      }
`,
  },
  // Entries look after what they refer to: whoever has the address of one in a frame, as loops over them do, keeps all of them, and
  // needs neither the map nor to know where in it references are.
  ...[
    { file: "map", name: "Map", of: "K,V", references: { key: "K", value: "V" } },
    { file: "set", name: "Set", of: "T", references: { key: "T" } },
  ].flatMap(({ file, name, of, references }) => [
    {
      file,
      from: `
export class ${name}<${of}> {
`,
      to: `
class ${name}Entries<${of}> {
  @unsafe private __visit(cookie: u32): void {
    let count: u32 = changetype<OBJECT>(changetype<usize>(this) - TOTAL_OVERHEAD).rtSize / <u32>ENTRY_SIZE<${of}>();
    ${partOf("count")}
    for (let i = cookie; i < count; ++i) {
      const entry = changetype<${name}Entry<${of}>>(changetype<usize>(this) + <usize>i * ENTRY_SIZE<${of}>());
      if (entry.taggedNext & EMPTY) continue;
      ${Object.entries(references)
        .map(([field, type]) => `if (isManaged<${type}>()) __visit(changetype<usize>(entry.${field}), 0);`)
        .join("\n      ")}
    }
  }
}

function entriesOf<${of}>(capacity: i32): ArrayBuffer {
  const size = <usize>capacity * ENTRY_SIZE<${of}>();
  if (${of
    .split(",")
    .map((type) => `isManaged<${type}>()`)
    .join(" || ")}) return changetype<ArrayBuffer>(__new(size, idof<${name}Entries<${of}>>()));
  return bytesOf(size);
}

// What buckets refer to is kept by the entries.
function bytesOf(size: usize): ArrayBuffer {
  // @ts-ignore: of Skein's runtime
  return changetype<ArrayBuffer>(__newBytes(size, idof<ArrayBuffer>()));
}

export class ${name}<${of}> {
`,
    },
    {
      file,
      from: `new ArrayBuffer(INITIAL_CAPACITY * <i32>ENTRY_SIZE<${of}>())`,
      to: `entriesOf<${of}>(INITIAL_CAPACITY)`,
      all: true,
    },
    {
      file,
      from: `new ArrayBuffer(newEntriesCapacity * <i32>ENTRY_SIZE<${of}>())`,
      to: `entriesOf<${of}>(newEntriesCapacity)`,
    },
    {
      file,
      from: "new ArrayBuffer(INITIAL_CAPACITY * <i32>BUCKET_SIZE)",
      to: "bytesOf(INITIAL_CAPACITY * BUCKET_SIZE)",
      all: true,
    },
    {
      file,
      from: "new ArrayBuffer(newBucketsCapacity * <i32>BUCKET_SIZE)",
      to: "bytesOf(<usize>newBucketsCapacity * BUCKET_SIZE)",
    },
    {
      // New entries may be black, and what is copied there is in no others any more: so the old ones are looked through.
      file,
      from: `
    // copy old entries to new entries
`,
      to: `
    __link(changetype<usize>(this), changetype<usize>(this.entries), false);
    // copy old entries to new entries
`,
    },
    {
      file,
      from: `
  // RT integration
`,
      to: `
  @unsafe private __visit(cookie: u32): void {
    __visit(changetype<usize>(this.buckets), 0);
    __visit(changetype<usize>(this.entries), 0);
  }
}
`,
      rest: true,
    },
    {
      file,
      from: `import { HASH } from "./util/hash";`,
      to: `import { OBJECT, TOTAL_OVERHEAD } from "./rt/common";
import { HASH } from "./util/hash";`,
    },
  ]),
];

/** The text of a library file as Skein compiles it. */
export function patched(file: string, text: string): string {
  for (const { file: where, from, to, all, rest } of [...INDEXED, ...PATCHES, ...FASTER]) {
    if (where !== file) continue;
    const name = `AssemblyScript's ${file}.ts`;
    text = replaced(name, text, rest ? from + (text.split(from)[1] ?? "") : from, to, all);
  }
  return text;
}

/** The text of the core's `base/checked.ts` for the settings. */
export function checkedText(text: string, { checked, barrier }: Settings): string {
  const constant = (name: string, value: boolean): void => {
    text = replaced("base/checked.ts", text, `${name}: bool = ${!value};`, `${name}: bool = ${value};`);
  };
  if (checked) constant("CHECKED", true);
  if (!barrier) constant("BARRIER", false);
  return text;
}

function replaced(file: string, text: string, from: string, to: string, all = false): string {
  if (!text.includes(from)) throw new Error(`${file} is not as Skein patches it: it has no ${from}`);
  return all ? text.replaceAll(from, () => to) : text.replace(from, () => to);
}
