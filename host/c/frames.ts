/** Values between two processes over a pipe: each after its length in four bytes. */
import { deserialize, serialize } from "node:v8";

const HEAD = 4;

export function frame(value: unknown): Uint8Array {
  const body = serialize(value);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

/** Puts what comes through a pipe together. */
export class Frames {
  private parts: Uint8Array[] = [];
  private length = 0;

  /** Takes a part; gives the values that are whole by now. */
  add(part: Uint8Array): unknown[] {
    this.parts.push(part);
    this.length += part.length;
    const values: unknown[] = [];
    for (let next = this.next(); next !== null; next = this.next()) {
      // In a buffer of its own: Deno's deserializer takes the beginning of the buffer for that of the value.
      values.push(deserialize(new Uint8Array(next)));
    }
    return values;
  }

  private next(): Uint8Array | null {
    if (this.length < HEAD) return null;
    if (this.parts[0]!.length < HEAD) this.join();
    const wanted = HEAD + Buffer.from(this.parts[0]!.buffer, this.parts[0]!.byteOffset, HEAD).readUInt32LE();
    if (this.length < wanted) return null;
    this.join();
    const [all] = this.parts as [Uint8Array];
    this.parts = [all.subarray(wanted)];
    this.length -= wanted;
    return all.subarray(HEAD, wanted);
  }

  private join(): void {
    if (this.parts.length > 1) this.parts = [Buffer.concat(this.parts)];
  }
}
