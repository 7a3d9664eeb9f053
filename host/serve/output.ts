/** What handlers and writers may give as output. */
import type { Out } from "./events.js";

/**
 * The output in what a handler returned; undefined if there is none.
 *
 * @throws TypeError for what is no output
 */
export function outputOf(result: unknown): Uint8Array | string | undefined {
  let out = result;
  if (typeof out === "string" || out instanceof Uint8Array) return out;
  if (typeof out === "object" && out !== null && !ArrayBuffer.isView(out)) out = (out as { out?: Out }).out;
  if (out === undefined || out === null || typeof out === "number") return undefined;
  if (typeof out === "string" || out instanceof Uint8Array) return out;
  if (ArrayBuffer.isView(out)) return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  throw new TypeError(`output is bytes or text, not ${typeof out}`);
}

/** Output as bytes. */
export function bytesOf(out: Uint8Array | string): Uint8Array {
  const output = outputOf(out) ?? "";
  return typeof output === "string" ? Buffer.from(output) : output;
}
