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
  } else if (size >= 4) {
    hash = step(hash, <u64>load<u32>(at) | (<u64>load<u32>(at + size - 4) << 32));
  } else if (size > 0) {
    hash = step(hash, load<u16>(at));
  }
  // What differs late in a word has changed the upper bits alone, and buckets go by the lower ones.
  return <u32>((hash * FACTOR) >> 32);
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

export const FASTER: readonly Patch[] = [
  // Texts are written whole, and no visitor looks at them.
  ...["string", "util/string", "util/number"].map((file) => ({
    file,
    from: "__new(",
    to: "__newUncleared(",
    all: true,
  })),
  // Into new texts, so nothing overlaps. (util/number moves digits by one where they lie.)
  ...["string", "util/string"].map((file) => ({ file, from: "memory.copy(", to: "__copyBytes(", all: true })),
  {
    // Words need not be aligned.
    file: "util/string",
    from: "if (len >= 4 && !((ptr1 & 7) | (ptr2 & 7))) {",
    to: "if (len >= 4) {",
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
    to: `${OTHER_CASE}\n@final export abstract class String {`,
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
    // A bucket for each entry: one that is looked for is mostly the first or second of its chain.
    { file, from: "const FILL_FACTOR_N = 8;", to: "const FILL_FACTOR_N = 1;" },
    { file, from: "const FILL_FACTOR_D = 3;", to: "const FILL_FACTOR_D = 1;" },
  ]),
];
