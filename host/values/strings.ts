/**
 * Text in shared memory, as Latin-1 or UTF-16, whichever the text needs.
 *
 * Short texts are written by a loop, as a call into the runtime costs some 40 ns (on Deno 240 ns); longer ones by the
 * runtime.
 */
import { Buffer } from "node:buffer";

/** Up to this many characters a loop is faster. */
const LOOP = 24;
/** Texts longer than this are looked at by a regular expression rather than a loop. */
const SCAN = 16;

// eslint-disable-next-line no-control-regex -- the control characters are Latin-1 too
const BEYOND_LATIN1 = /[^\u0000-\u00ff]/;

/** Whether one byte for each character will do. */
export function isLatin1(text: string): boolean {
  if (text.length > SCAN) return !BEYOND_LATIN1.test(text);
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}

/** Writes a text that is Latin-1. */
export function writeLatin1(bytes: Buffer, at: number, text: string): void {
  if (text.length > LOOP) bytes.latin1Write(text, at, text.length);
  else for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

/** Writes a text as UTF-16, lone surrogates included. */
export function writeUtf16(bytes: Buffer, at: number, text: string): void {
  if (text.length > LOOP) {
    bytes.ucs2Write(text, at, text.length * 2);
    return;
  }
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[at + 2 * i] = unit & 0xff;
    bytes[at + 2 * i + 1] = unit >>> 8;
  }
}

declare global {
  // What Node and Deno both have but @types/node leaves out.
  interface Buffer {
    latin1Write(text: string, offset: number, length: number): number;
    latin1Slice(start: number, end: number): string;
    ucs2Write(text: string, offset: number, length: number): number;
    ucs2Slice(start: number, end: number): string;
  }
}

/** All of a memory as a Buffer, for the functions above. */
export function asBuffer(memory: ArrayBufferLike): Buffer {
  return Buffer.from(memory as ArrayBuffer);
}
