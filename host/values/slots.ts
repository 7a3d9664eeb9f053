/**
 * A slot: 64 bits in shared memory that hold one JavaScript value, NaN-boxed.
 *
 * A number is its own bits, so a channel of numbers is a channel of f64 for goroutines in WebAssembly. Every NaN is
 * written as the canonical one. Of the other NaNs, those whose upper 13 bits are all set and whose next 3 bits, the tag, are
 * not zero stand for all other values. So the two NaNs that engines and processors produce, 7ff8… and fff8…, both read as
 * NaN, whoever wrote them.
 *
 * ```
 *  63          51 50  48 47                32 31                             0
 * | 1 1111111 1111 1 | tag  | kind             | word                          |   constants, blocks, handles, nodes
 * | 1 1111111 1111 1 | TEXT | length, byte 5 …                       … byte 0  |   text of at most 5 Latin-1 characters
 * ```
 *
 * The same slots make up the trees of larger values (see `writer.ts`), where a node's slot is followed by its contents.
 */

/** The upper half of a slot with this tag and kind, as a signed word, as all of them are kept: small integers to the engine. */
function upper(tag: number, kind: number): number {
  return 0xfff80000 | (tag << 16) | kind;
}

/** The upper half of the NaN that is written for every NaN; its lower half is 0. */
export const NAN = 0x7ff80000;

/** The upper halves of slots that are not numbers are from here to -1. */
export const FIRST_TAGGED = upper(1, 0);

const TAG_CONSTANT = 1;
const TAG_TEXT = 2;
const TAG_BLOCK = 3;
const TAG_NODE = 4;
const TAG_HANDLE = 5;

/** The upper half of constants; the lower is one of those below. */
export const CONSTANT = upper(TAG_CONSTANT, 0);
export const UNDEFINED = 0;
export const NULL = 1;
export const FALSE = 2;
export const TRUE = 3;
/** An element that an array does not have. */
export const HOLE = 4;
/** The buffer of the memory that all this is in. */
export const MEMORY = 5;

/** Texts of so many Latin-1 characters fit a slot. */
export const SHORT_TEXT = 5;
/** The upper half of a short text: plus its length << 8, plus its fifth character. */
export const TEXT = upper(TAG_TEXT, 0);

/** Blocks: the word is the address. */
export const BLOCK = upper(TAG_BLOCK, 0);
/** A text in Latin-1, and in UTF-16. */
export const BLOCK_LATIN1 = BLOCK + 1;
export const BLOCK_UTF16 = BLOCK + 2;
/** A Uint8Array. */
export const BLOCK_BYTES = BLOCK + 3;
/** Anything else. */
export const BLOCK_TREE = BLOCK + 4;

/** Something that lives in the core: the upper half plus its kind; the word is its address. */
export const HANDLE = upper(TAG_HANDLE, 0);
/** One more than the largest kind of handle. */
export const HANDLE_KINDS = 0x1_0000;

/** Nodes of a tree, with what their word means. */
export const NODE = upper(TAG_NODE, 0);
/** Bytes of text; the text follows. */
export const NODE_LATIN1 = NODE + 1;
export const NODE_UTF16 = NODE + 2;
/** Words << 1, plus 1 if negative; the words follow, least first. */
export const NODE_BIGINT = NODE + 3;
/** The number of an object that came before. */
export const NODE_AGAIN = NODE + 4;
/** The address of the shape; the values of its properties follow. */
export const NODE_SHAPED = NODE + 5;
/** Properties; for each its name and value follow. */
export const NODE_OBJECT = NODE + 6;
/** Elements; they follow. */
export const NODE_ARRAY = NODE + 7;
/** The length; the number of properties, and for each its name and value follow. */
export const NODE_SPARSE = NODE + 8;
/** Nothing; the time follows. */
export const NODE_DATE = NODE + 9;
/** Nothing; source and flags follow. */
export const NODE_REGEXP = NODE + 10;
/** Entries; keys and values follow. */
export const NODE_MAP = NODE + 11;
/** Members; they follow. */
export const NODE_SET = NODE + 12;
/** Nothing; the value that the object wraps follows. */
export const NODE_WRAPPER = NODE + 13;
/** Bytes; the greatest length (-1: fixed) and the bytes follow. */
export const NODE_BUFFER = NODE + 14;
/** The address of a block of bytes, which is the buffer's contents; the greatest length follows. */
export const NODE_FAR_BUFFER = NODE + 15;
/** Index of the class of view; offset, length (-1: to the end) and the buffer follow. */
export const NODE_VIEW = NODE + 16;
/** Properties of its own; class name, message, stack, cause, errors, and the properties' names and values follow. */
export const NODE_ERROR = NODE + 17;
/** The number under which a carrier has it. */
export const NODE_CARRIED = NODE + 18;

/** What the object is (LATER_*): nested so deep that its contents follow the tree, in the order of these, as nodes of their own. */
export const NODE_LATER = NODE + 19;
export const LATER_OBJECT = 0;
export const LATER_ARRAY = 1;
export const LATER_MAP = 2;
export const LATER_SET = 3;

/** Bytes before the contents of a block. */
export const BLOCK_HEADER = 16;
/** A tree refers to objects by their number. */
export const FLAG_REPEATS = 1;

/** The halves of the slot at an address, as signed words. */
export function upperAt(words: Int32Array, at: number): number {
  return words[(at >>> 2) + 1]!;
}
export function lowerAt(words: Int32Array, at: number): number {
  return words[at >>> 2]!;
}

export function putSlot(words: Int32Array, at: number, upper: number, lower: number): void {
  words[at >>> 2] = lower;
  words[(at >>> 2) + 1] = upper;
}

/** The header of a block: bytes of contents, entries in the list of what it owns, flags. */
export function writeHeader(words: Int32Array, block: number, length: number, owned = 0, flags = 0): void {
  const i = block >>> 2;
  words[i] = length;
  words[i + 1] = owned;
  words[i + 2] = flags;
}
export function lengthOf(words: Int32Array, block: number): number {
  return words[block >>> 2]! >>> 0;
}
export function ownedOf(words: Int32Array, block: number): number {
  return words[(block >>> 2) + 1]!;
}
export function flagsOf(words: Int32Array, block: number): number {
  return words[(block >>> 2) + 2]!;
}

/** What a block owns, besides itself: u32 kind, u32 word. */
export const OWNS_BLOCK = -1;
export const OWNS_CARRIED = -2;
/** Other kinds are those of handles, the word the address. */
