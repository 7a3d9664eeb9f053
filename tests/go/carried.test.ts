import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { delay, onDeno, until, withRuntime, WORK, type Work } from "./fixtures.js";

describe("a SharedArrayBuffer", () => {
  it("is shared with a goroutine, not copied", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const shared = new Int32Array(new SharedArrayBuffer(16));
      await Promise.all(Array.from({ length: 200 }, () => rt.go(work.bump, shared)));
      assert.equal(shared[0], 200);
    }));

  it("comes back as the same memory, and goes on to others", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const made = await rt.go(work.makeShared, 64);
      await Promise.all(Array.from({ length: 50 }, () => rt.go(work.bump, made)));
      assert.equal(made[0], 50);
      const own = new SharedArrayBuffer(8);
      const back = await rt.go(work.identity<SharedArrayBuffer>, own);
      new Uint8Array(own)[3] = 7;
      assert.equal(new Uint8Array(back)[3], 7);
    }));

  it("may be passed on by a goroutine to one of its own", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const seen = await rt.go(work.shareOn, 20);
      assert.equal(seen, 20);
    }));

  it("does not live for ever once it was sent", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      for (let i = 0; i < 300; i++) await rt.go(work.identity, new Uint8Array(new SharedArrayBuffer(1024)));
      assert.equal(await rt.go(work.identity, 1), 1);
    }));

  const late = onDeno && "Deno 2.9 collects what is outside of its heap only when there is much more of it";
  it("is given up by threads that are always busy", { skip: late }, () =>
    withRuntime(async (rt) => {
      const sent: WeakRef<SharedArrayBuffer>[] = [];
      for (let i = 0; i < 600; i++) {
        const buffer = new SharedArrayBuffer(2 ** 20);
        sent.push(new WeakRef(buffer));
        await rt.go((buffer) => new Uint8Array(buffer).fill(1).length, buffer);
      }
      const left = sent.filter((ref) => ref.deref() !== undefined).length;
      assert.ok(left < 400, `${left} of 600 are still there`);
    }),
  );
});

describe("bytes given to a goroutine", () => {
  it("are freed once nobody has them, though no thread ever rests", () =>
    withRuntime(
      async (rt) => {
        for (let i = 0; i < 700; i++)
          assert.equal(await rt.go((b) => b.view.fill(1).length, rt.bytes(2 ** 20)), 2 ** 20);
      },
      { maxMemory: 256 * 2 ** 20 },
    ));
});

describe("what only the runtime can clone", () => {
  it("arrives: Blobs, modules and shared memories of WebAssembly, keys", () =>
    withRuntime(async (rt) => {
      const blob = new Blob(["text"]);
      assert.equal(await rt.go(async (blob: Blob) => blob.text(), blob), "text");
      const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      const exports = await rt.go((module: WebAssembly.Module) => WebAssembly.Module.exports(module).length, module);
      assert.equal(exports, 0);
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      await rt.go((memory: WebAssembly.Memory) => void (new Uint8Array(memory.buffer)[5] = 7), memory);
      assert.equal(new Uint8Array(memory.buffer)[5], 7);
      const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
      assert.equal(await rt.go((key: CryptoKey) => key.algorithm.name, key), "HMAC");
    }));
});

describe("what is moved", () => {
  it("arrives, and is gone here", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      for (const size of [8, 1 << 20]) {
        const buffer = new ArrayBuffer(size);
        new Uint8Array(buffer)[7] = 9;
        const g = rt.go.with({ transfer: [buffer] }, work.byteAt, buffer, 7);
        assert.equal(buffer.byteLength, 0);
        assert.equal(await g, 9);
      }
    }));

  it("may be a port, through which one can talk to the goroutine", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const { port1, port2 } = new MessageChannel();
      const heard: unknown[] = [];
      port1.on("message", (message) => heard.push(message));
      const g = rt.go.with({ transfer: [port2] }, work.talk, port2);
      await until(() => heard.length === 1);
      port1.postMessage("hello");
      assert.equal(await g, "hello");
      assert.deepEqual(heard, ["ready"]);
      port1.close();
    }));

  it("stays here if something else of the call cannot be sent", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const buffer = new ArrayBuffer(8);
      assert.throws(() => rt.go.with({ transfer: [buffer] }, work.all, buffer, () => 1), { name: "DataCloneError" });
      assert.equal(buffer.byteLength, 8);
      const { port1 } = new MessageChannel();
      assert.throws(
        () => rt.go(work.identity, port1),
        { name: "DataCloneError" },
        "a port must be in the transfer list",
      );
      port1.close();
      await delay(1);
    }));
});
