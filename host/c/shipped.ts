/**
 * Skein's own part of libc (`assembly/c`) as object files, which the package brings along as every libc does: compiling it takes clang longer
 * than most programs. `scripts/build.mjs` makes the file with this clang; each object is kept by all that went into it, as in the
 * cache, so that one of another clang (SKEIN_WASI_SDK), or of changed sources, is never taken.
 */
import { readFileSync } from "node:fs";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";

const FILE = new URL("../c.objects", import.meta.url);
const END_OF_INDEX = 0x0a;

let loaded: ReadonlyMap<string, Uint8Array> | undefined;

/** The object with a key; undefined if the package has none, or has no such file, as while it is made. */
export function shippedObject(key: string): Uint8Array | undefined {
  try {
    loaded ??= unpack(brotliDecompressSync(readFileSync(FILE)));
  } catch {
    loaded = new Map();
  }
  return loaded.get(key);
}

/** The keys and lengths of all in a line, then one after the other. */
export function pack(objects: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const index = [...objects].map(([key, { length }]): [string, number] => [key, length]);
  return brotliCompressSync(Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...objects.values()]));
}

function unpack(bytes: Uint8Array): Map<string, Uint8Array> {
  const end = bytes.indexOf(END_OF_INDEX);
  const index = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString("utf8")) as [string, number][];
  let at = end + 1;
  return new Map(index.map(([key, length]) => [key, bytes.slice(at, (at += length))]));
}
