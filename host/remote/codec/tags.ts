/**
 * The bytes of a value: a byte that says what follows, and that. Numbers of elements are varints, a string is its length in
 * bytes and UTF-8, everything that can be referred to again has the number of its place among such objects.
 *
 * V8's own serializer is not used: its format belongs to one version of V8, and a cluster's processes have several.
 */

/** The first byte of a message; a process that does not know it refuses the message and says so. */
export const VERSION = 1;

/** What follows. A tag's number never changes its meaning; another format has another VERSION. */
export const Tag = {
  Undefined: 0,
  Null: 1,
  False: 2,
  True: 3,
  /** A 32-bit integer as a zigzag varint. */
  Int: 4,
  Float: 5,
  Text: 6,
  /** UTF-16, for texts with halves of surrogate pairs. */
  Text16: 7,
  BigInt: 8,
  /** The number of an object met before. */
  Again: 9,
  Object: 10,
  Array: 11,
  /** An array with holes or properties beside its elements: its length, then names and values. */
  SparseArray: 12,
  Map: 13,
  Set: 14,
  Date: 15,
  RegExp: 16,
  Buffer: 17,
  /** A typed array or DataView: its class, where it begins and how long it is, and its buffer. */
  View: 18,
  /** A Number, Boolean, String or BigInt object. */
  Boxed: 19,
  Error: 20,
} as const;

/** How deep values may be nested: both sides recurse. */
export const DEEPEST = 800;
