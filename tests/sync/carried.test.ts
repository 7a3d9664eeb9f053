import assert from "node:assert/strict";
import { after as afterAll, before, describe, it } from "node:test";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type Runtime, start } from "../../host/index.js";

let rt: Runtime;
before(async () => {
  rt = await start({ procs: 2 });
});
afterAll(() => rt.close());

describe("what only message ports can carry", () => {
  it("a SharedArrayBuffer is shared with a goroutine, and is itself when it comes back", async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(16));
    const length = await rt.go((bytes) => {
      bytes[3] = 9;
      return bytes.length;
    }, bytes);
    assert.equal(length, 16);
    assert.equal(bytes[3], 9);
    const back = await rt.go((bytes) => ({ bytes }), bytes);
    assert.equal(back.bytes.buffer, bytes.buffer);
  });

  it("a SharedArrayBuffer can be waited on by the thread that sent it, without a turn of its event loop", () => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    void rt.go((words) => {
      Atomics.store(words, 0, 1);
      Atomics.notify(words, 0);
    }, words);
    assert.notEqual(Atomics.wait(words, 0, 0, 5000), "timed-out");
  });

  it("thousands of SharedArrayBuffers are shared, and let go of by threads that never look", async () => {
    for (let i = 0; i < 3000; i++) {
      const bytes = new Uint8Array(new SharedArrayBuffer(1 << 16)).fill(i & 255);
      assert.equal(await rt.go((bytes) => bytes[5], bytes), i & 255);
    }
  });

  it("a SharedArrayBuffer that a goroutine made reaches here and other goroutines", async () => {
    const made = await rt.go(() => new Int32Array(new SharedArrayBuffer(16)).fill(7));
    assert.ok(made.buffer instanceof SharedArrayBuffer);
    assert.equal(made[2], 7);
    await Promise.all(
      [0, 1, 2, 3].map((i) =>
        rt.go(
          (made, i) => {
            Atomics.add(made, i, i);
          },
          made,
          i,
        ),
      ),
    );
    assert.deepEqual([...made], [7, 8, 9, 10]);
  });

  it("a SharedArrayBuffer goes through channels", async () => {
    const ch = rt.chan<SharedArrayBuffer>(4);
    await rt.go((ch) => ch.send(new SharedArrayBuffer(32)), ch);
    const buffer = (await ch.recv()).value!;
    assert.equal(buffer.byteLength, 32);
    await ch.send(buffer);
    assert.equal(await rt.go(async (ch) => (await ch.recv()).value!.byteLength, ch), 32);
  });

  it("one in a message that nobody receives is let go of", async () => {
    const ch = rt.chan<SharedArrayBuffer>(1);
    for (let i = 0; i < 1000; i++) {
      await ch.send(new SharedArrayBuffer(1 << 20));
      const { ok } = ch.tryRecv();
      assert.ok(ok);
    }
  });

  for (const size of [100, 100_000, 9 << 20]) {
    it(`an ArrayBuffer of ${size} bytes is moved there and back`, async () => {
      const buffer = new ArrayBuffer(size);
      new Uint8Array(buffer)[size - 1] = 5;
      const back = await rt.go.with({ transfer: [buffer] }, (buffer) => buffer, buffer);
      assert.equal(buffer.byteLength, 0);
      assert.equal(back.byteLength, size);
      assert.equal(new Uint8Array(back)[size - 1], 5);
    });
  }

  it("an ArrayBuffer is moved through a channel", async () => {
    const ch = rt.chan<Uint8Array>(1);
    const bytes = new Uint8Array(10 << 20).fill(3);
    await ch.send(bytes, { transfer: [bytes.buffer] });
    assert.equal(bytes.length, 0);
    assert.equal(await rt.go(async (ch) => (await ch.recv()).value![1_000_000], ch), 3);
  });

  it("a MessagePort is moved to a goroutine", async () => {
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise((resolve) => port1.once("message", resolve));
    port1.postMessage("question");
    await rt.go.with(
      { transfer: [port2] },
      (port: MessagePort) =>
        new Promise<void>((resolve) => {
          port.once("message", (message) => {
            port.postMessage(`${String(message)} answered`);
            setTimeout(() => {
              port.close();
              resolve();
            }, 20);
          });
        }),
      port2,
    );
    assert.equal(await answered, "question answered");
    port1.close();
  });

  it("a MessagePort that is not in the transfer list is a DataCloneError", () => {
    const { port1, port2 } = new MessageChannel();
    assert.throws(() => rt.go((port) => void port, port2), { name: "DataCloneError" });
    port1.close();
  });

  it("a Blob arrives", async () => {
    assert.equal(await rt.go((blob) => blob.text(), new Blob(["abc", "def"])), "abcdef");
  });
});
