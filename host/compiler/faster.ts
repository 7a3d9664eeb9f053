/**
 * Changes to AssemblyScript's library for speed: texts, and the hashes of maps and sets.
 *
 * An engine's `memory.copy` and `memory.fill` are calls out of the program, worth their while from some hundred bytes on; most texts
 * are shorter.
 */
import type { Patch } from "./patches.js";

/**
 * Hashes go from one 64-bit word to the next by a multiplication (Knuth's), whose upper half depends on all bits. Of a product with 32 bits, the
 * uppermost 24 come first: they spread keys that follow each other, or that are multiples of something, more evenly than chance does.
 */
const HASHES = `
// @ts-ignore: decorator
@inline
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

// @ts-ignore: decorator
@inline
function step(hash: u64, word: u64): u64 {
  const product = (hash ^ word) * FACTOR;
  return product ^ (product >> 32);
}

// @ts-ignore: decorator
@inline
function hash32(key: u32, len: u32 = 4): u32 {
  return <u32>rotl<u64>(<u64>key * FACTOR, 24);
}

// @ts-ignore: decorator
@inline
function hash64(key: u64): u32 {
  return <u32>step(key >> 32, key);
}

function hashStr(key: string): u32 {
  if (changetype<usize>(key) == 0) return 0;
  const size = <usize>key.length << 1;
  let at = changetype<usize>(key);
  let hash = <u64>size;
  if (size >= 8) {
    const last = at + size - 8;
    for (; at < last; at += 8) hash = step(hash, load<u64>(at));
    hash = step(hash, load<u64>(last));
  } else if (size > 0) {
    // Behind a text there is memory always, but nothing that counts.
    hash = step(hash, load<u64>(at) << ((8 - <u64>size) << 3));
  }
  // What differs late in a word has changed the upper bits alone, and buckets go by the lower ones.
  return <u32>((hash * FACTOR) >> 32);
}

// @ts-ignore: decorator
@inline
export function isSameKey<K>(left: K, right: K): bool {
  if (isString<K>()) return isSameText(changetype<usize>(left), changetype<usize>(right));
  return left == right;
}

/** As \`==\` of texts, in the loop that asks it. */
// @ts-ignore: decorator
@inline
function isSameText(left: usize, right: usize): bool {
  if (left == right) return true;
  if (left == 0 || right == 0) return false;
  const size = <usize>changetype<string>(left).length << 1;
  if (size != <usize>changetype<string>(right).length << 1) return false;
  if (size < 8) return size == 0 || (load<u64>(left) ^ load<u64>(right)) << ((8 - <u64>size) << 3) == 0;
  const last = size - 8;
  for (let i: usize = 0; i < last; i += 8) if (load<u64>(left + i) != load<u64>(right + i)) return false;
  return load<u64>(left + last) == load<u64>(right + last);
}
`;

/**
 * Texts are equal if their words are: the last word overlaps the one before, and of one that is shorter than a word the rest is shifted out (what
 * lies behind a text is memory always).
 */
const EQUAL = `
/** Of a text, to a new one. As one word if it is none more: what reads it in words finds it then before it is in memory. */
// @ts-ignore: decorator
@inline
function copyPart(to: usize, from: usize, size: usize): void {
  if (size <= 8) store<u64>(to, load<u64>(from + size - 8) >> ((8 - <u64>size) << 3));
  else __copyBytes(to, from, size);
}

function sameWords(left: usize, right: usize, size: usize): bool {
  const last = size - 8;
  for (let i: usize = 0; i < last; i += 8) if (load<u64>(left + i) != load<u64>(right + i)) return false;
  return load<u64>(left + last) == load<u64>(right + last);
}
`;

const IS_EQUAL = `
    const size = <usize>leftLength << 1;
    if (size >= 8) return sameWords(changetype<usize>(left), changetype<usize>(right), size);
    return size == 0 || (load<u64>(changetype<usize>(left)) ^ load<u64>(changetype<usize>(right))) << ((8 - <u64>size) << 3) == 0;
  }

  @operator.prefix("!")
`;

const COMPARE_BEFORE = `
export function compareImpl(str1: string, index1: usize, str2: string, index2: usize, len: usize): i32 {
  let ptr1 = changetype<usize>(str1) + (index1 << 1);
  let ptr2 = changetype<usize>(str2) + (index2 << 1);
  if (ASC_SHRINK_LEVEL < 2) {
    if (len >= 4 && !((ptr1 & 7) | (ptr2 & 7))) {
      do {
        if (load<u64>(ptr1) != load<u64>(ptr2)) break;
        ptr1 += 8;
        ptr2 += 8;
        len  -= 4;
      } while (len >= 4);
    }
  }
  while (len--) {
    let a = <i32>load<u16>(ptr1);
    let b = <i32>load<u16>(ptr2);
    if (a != b) return a - b;
    ptr1 += 2;
    ptr2 += 2;
  }
  return 0;
}
`;

/** Where words differ, the lowest unit that does decides. */
const COMPARE = `
export function compareImpl(str1: string, index1: usize, str2: string, index2: usize, len: usize): i32 {
  let ptr1 = changetype<usize>(str1) + (index1 << 1);
  let ptr2 = changetype<usize>(str2) + (index2 << 1);
  for (; len >= 4; len -= 4) {
    const one = load<u64>(ptr1);
    const other = load<u64>(ptr2);
    if (one != other) {
      const at = ctz(one ^ other) & ~15;
      return <i32>((one >> at) & 0xffff) - <i32>((other >> at) & 0xffff);
    }
    ptr1 += 8;
    ptr2 += 8;
  }
  for (; len != 0; len--) {
    const difference = <i32>load<u16>(ptr1) - <i32>load<u16>(ptr2);
    if (difference != 0) return difference;
    ptr1 += 2;
    ptr2 += 2;
  }
  return 0;
}
`;

/** For texts that are ASCII, as most are: four units at a time, and a result that takes no more room than it has to. */
const OTHER_CASE = `
/** With the 26 letters from \`first\` on in the other case; null if not all is ASCII. */
function otherCase(text: String, first: u64): String | null {
  const size = <usize>text.length << 1;
  const result = __newUncleared(size, idof<String>());
  let i: usize = 0;
  for (; i + 8 <= size; i += 8) {
    const units = load<u64>(changetype<usize>(text) + i);
    if (units & 0xff80_ff80_ff80_ff80) return null;
    store<u64>(result + i, otherCaseOf(units, first));
  }
  for (; i < size; i += 2) {
    const unit = <u64>load<u16>(changetype<usize>(text) + i);
    if (unit >= 0x80) return null;
    store<u16>(result + i, <u16>otherCaseOf(unit, first));
  }
  return changetype<String>(result);
}

/** Of each unit, bit 7 of a sum says whether it has come to 0x80. */
// @ts-ignore: decorator
@inline
function otherCaseOf(units: u64, first: u64): u64 {
  const fromFirst = units + (0x80 - first) * 0x0001_0001_0001_0001;
  const pastLast = units + (0x80 - 26 - first) * 0x0001_0001_0001_0001;
  return units ^ ((fromFirst & ~pastLast & 0x0080_0080_0080_0080) >> 2);
}
`;

/** Texts of one ASCII character, which programs that go through a text make at each step: they are there already. */
const ONE_CHARACTER = `
// @ts-ignore: decorator
@lazy const ASCII: StaticArray<String> = [${Array.from({ length: 128 }, (_, unit) => `"\\u${unit.toString(16).padStart(4, "0")}"`).join()}];

function ofUnit(unit: u32): String {
  if (unit < 128) return unchecked(ASCII[unit]);
  const out = changetype<String>(__newUncleared(2, idof<String>()));
  store<u16>(changetype<usize>(out), <u16>unit);
  return out;
}
`;

/** To add an entry is apart from looking for it, so that the latter may go into the program, where a key is looked up once (`loads.ts`). */
const APART: readonly Patch[] = [
  {
    file: "map",
    from: `
    } else {
      // check if rehashing is necessary
`,
    to: `
    } else this.append(key, value, hashCode);
    return this;
  }

  private append(key: K, value: V, hashCode: u32): void {
      // check if rehashing is necessary
`,
  },
  {
    file: "map",
    from: `
      entry = changetype<MapEntry<K,V>>(changetype<usize>(entries) +`,
    to: `
      const entry = changetype<MapEntry<K,V>>(changetype<usize>(entries) +`,
  },
  {
    file: "set",
    from: `
    if (!entry) {
      // check if rehashing is necessary
`,
    to: `
    if (!entry) this.append(key, hashCode);
    return this;
  }

  private append(key: T, hashCode: u32): void {
      // check if rehashing is necessary
`,
  },
  {
    file: "set",
    from: `
      entry = changetype<SetEntry<T>>(changetype<usize>(this.entries) +`,
    to: `
      const entry = changetype<SetEntry<T>>(changetype<usize>(this.entries) +`,
  },
  ...["map", "set"].map((file) => ({
    file,
    from: `
      store<usize>(bucketPtrBase, changetype<usize>(entry));
    }
    return this;
  }
`,
    to: `
      store<usize>(bucketPtrBase, changetype<usize>(entry));
  }
`,
  })),
];

export const FASTER: readonly Patch[] = [
  ...APART,
  // Texts are written whole, and no visitor looks at them.
  ...["string", "util/string", "util/number"].map((file) => ({
    file,
    from: "__new(",
    to: "__newUncleared(",
    all: true,
  })),
  {
    file: "string",
    from: "memory.copy(changetype<usize>(out), changetype<usize>(this) +",
    to: "copyPart(changetype<usize>(out), changetype<usize>(this) +",
    all: true,
  },
  // Into new texts, so nothing overlaps. (util/number moves digits by one where they lie.)
  ...["string", "util/string"].map((file) => ({ file, from: "memory.copy(", to: "__copyBytes(", all: true })),
  {
    file: "util/string",
    from: COMPARE_BEFORE,
    to: COMPARE,
  },
  {
    file: "string",
    from: `
    // @ts-ignore: string <-> String
    return !compareImpl(left, 0, right, 0, leftLength);
  }

  @operator.prefix("!")
`,
    to: IS_EQUAL,
  },
  {
    file: "string",
    from: `
    for (len -= searchLen; searchStart <= len; ++searchStart) {
`,
    to: `
    const first = load<u16>(changetype<usize>(search));
    for (len -= searchLen; searchStart <= len; ++searchStart) {
      if (load<u16>(changetype<usize>(this) + (searchStart << 1)) != first) continue;
`,
  },
  {
    file: "string",
    from: "\n@final export abstract class String {",
    to: `${EQUAL}${OTHER_CASE}${ONE_CHARACTER}\n@final export abstract class String {`,
  },
  {
    file: "string",
    from: `
    let hasSur = surr > 0;
`,
    to: `
    let hasSur = surr > 0;
    if (!hasSur && (unit & 0xffff) < 128) return unchecked(ASCII[unit & 0xffff]);
`,
  },
  {
    file: "string",
    from: `
    let hasSur = <u32>code > 0xFFFF;
`,
    to: `
    if (<u32>code < 128) return unchecked(ASCII[code]);
    let hasSur = <u32>code > 0xFFFF;
`,
  },
  {
    file: "string",
    from: `
    let out = __newUncleared(2, idof<String>());
    store<u16>(out, load<u16>(changetype<usize>(this) + (<usize>pos << 1)));
    return changetype<String>(out); // retains
`,
    to: `
    return ofUnit(load<u16>(changetype<usize>(this) + (<usize>pos << 1)));
`,
  },
  {
    file: "string",
    from: `
    let out = changetype<String>(__newUncleared(2, idof<String>()));
    store<u16>(changetype<usize>(out), load<u16>(changetype<usize>(this) + (<usize>pos << 1)));
    return out;
`,
    to: `
    return ofUnit(load<u16>(changetype<usize>(this) + (<usize>pos << 1)));
`,
  },
  {
    file: "string",
    from: `
        let charStr = changetype<String>(__newUncleared(2, idof<String>()));
        store<u16>(changetype<usize>(charStr), load<u16>(changetype<usize>(this) + (<usize>i << 1)));
`,
    to: `
        let charStr = ofUnit(load<u16>(changetype<usize>(this) + (<usize>i << 1)));
`,
  },
  ...[
    { method: "toLowerCase", size: "len * 2 * 2", first: "0x41" },
    { method: "toUpperCase", size: "len * 3 * 2", first: "0x61" },
  ].map(({ method, size, first }) => ({
    file: "string",
    from: `
  ${method}(): String {
    let len = <usize>this.length;
    if (!len) return this;
    let codes = changetype<String>(__newUncleared(${size}, idof<String>()));
`,
    to: `
  ${method}(): String {
    let len = <usize>this.length;
    if (!len) return this;
    const ascii = otherCase(this, ${first});
    if (ascii) return ascii;
    let codes = changetype<String>(__newUncleared(${size}, idof<String>()));
`,
  })),
  { file: "util/hash", from: "\n// XXHash 32-bit as a starting point", to: HASHES, rest: true },
  ...["map", "set"].flatMap((file) => [
    { file, from: 'import { HASH } from "./util/hash";', to: 'import { HASH, isSameKey } from "./util/hash";' },
    { file, from: "entry.key == key", to: "isSameKey<KEY>(entry.key, key)".replace("KEY", file === "map" ? "K" : "T") },
    // A bucket for each entry: one that is looked for is mostly the first or second of its chain.
    { file, from: "const FILL_FACTOR_N = 8;", to: "const FILL_FACTOR_N = 1;" },
    { file, from: "const FILL_FACTOR_D = 3;", to: "const FILL_FACTOR_D = 1;" },
  ]),
];
