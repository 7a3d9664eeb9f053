/** InputStream: what is left over comes first the next time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputStream } from "../../host/serve/index.js";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("what was not used is followed by the next input", () => {
  const stream = new InputStream();
  const first = Buffer.from("HELLO");
  assert.equal(text(stream.begin(first)), "HELLO");
  stream.end(first.subarray(3));
  assert.equal(text(stream.begin(Buffer.from("WLY"))), "LOWLY");
  stream.end();
  assert.equal(text(stream.begin(new Uint8Array([80, 76]))), "PL");
  stream.end(null);
  assert.equal(stream.begin(null).length, 0);
});

test("what is left over is the stream's own, even of a buffer that is used again", () => {
  const stream = new InputStream();
  const buffer = Buffer.from("abcdef");
  stream.end(stream.begin(buffer).subarray(4));
  buffer.fill(120);
  assert.equal(text(stream.begin(Buffer.from("gh"))), "efgh");
});

test("lines come whole, however the input is cut", () => {
  const lines = Array.from({ length: 300 }, (_, i) => `${"line ".repeat(i % 40)}${i}`);
  const all = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  for (const size of [1, 2, 7, 100, 4096, all.length]) {
    const stream = new InputStream();
    const got: string[] = [];
    for (let at = 0; at < all.length; at += size) {
      let rest = stream.begin(all.subarray(at, at + size));
      for (let end; (end = rest.indexOf(10)) >= 0; rest = rest.subarray(end + 1)) got.push(text(rest.subarray(0, end)));
      stream.end(rest);
    }
    assert.deepEqual(got, lines, `pieces of ${size}`);
  }
});

test("a megabyte byte by byte takes no time to speak of", () => {
  const stream = new InputStream();
  const started = performance.now();
  for (let i = 0; i < 1 << 20; i++) stream.end(stream.begin(Buffer.of(i & 127)));
  assert.equal(stream.begin(null).length, 1 << 20);
  assert.ok(performance.now() - started < 5000);
});
