import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import net from "node:net";
import { once } from "node:events";
import process from "node:process";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { O_NONBLOCK } from "../../host/sockets/constants.js";
import { loadSys } from "../../host/sockets/sys.js";
import { withLoop } from "./support.js";

const memory = new SharedArrayBuffer(2 ** 17);
const sys = loadSys(memory);
const skip = typeof sys === "string" && `no system calls: ${sys}`;

/** Gives `body` a pipe, whose ends are closed afterwards. */
async function withPipe(body: (reader: number, writer: number) => unknown): Promise<void> {
  if (typeof sys === "string") throw new Error(sys);
  assert.ok(sys.pipe2(0, O_NONBLOCK) >= 0);
  const [reader = -1, writer = -1] = new Int32Array(memory, 0, 2).slice();
  try {
    await body(reader, writer);
  } finally {
    for (const fd of [reader, writer]) sys.close(fd);
  }
}

/** Where the tests' data lies in the memory of the system calls, and how much may. */
const DATA = 64;
const SIZE = 2 ** 16;

/** Reads up to `size` bytes; they are Latin-1. Deno's `fs` knows only descriptors that it has opened itself. */
function read(fd: number, size = SIZE): string {
  const length = typeof sys === "string" ? 0 : sys.read(fd, DATA, size);
  return Buffer.from(new Uint8Array(memory, DATA, Math.max(length, 0)).slice()).toString("latin1");
}

/** Writes as much as fits; returns how much that was. */
function write(fd: number, text: string): number {
  new Uint8Array(memory).set(Buffer.from(text, "latin1"), DATA);
  return typeof sys === "string" ? -1 : sys.write(fd, DATA, text.length);
}

describe("a reader", { skip }, () => {
  it("is called, with its arguments, when its descriptor can be read", () =>
    withLoop((loop) =>
      withPipe(async (reader, writer) => {
        const seen: unknown[] = [];
        loop.addReader(
          reader,
          (...args: unknown[]) => {
            seen.push([...args, read(reader)]);
            if (seen.length === 2) loop.stop();
            else loop.callLater(13, () => write(writer, "two"));
          },
          "a",
          1,
        );
        loop.callLater(2, () => write(writer, "one"));
        await loop.runForever();
        assert.deepEqual(seen, [
          ["a", 1, "one"],
          ["a", 1, "two"],
        ]);
        assert.equal(loop.removeReader(reader), true);
      }),
    ));

  it("is called again and again until all has been read", () =>
    withLoop((loop) =>
      withPipe(async (reader, writer) => {
        write(writer, "0123456789");
        let text = "";
        loop.addReader({ fd: reader }, () => {
          text += read(reader, 1);
          if (text.length === 10) loop.stop();
        });
        await loop.runForever();
        assert.equal(text, "0123456789");
        loop.removeReader(reader);
      }),
    ));

  it("is called while the loop is busy too", () =>
    withLoop((loop) =>
      withPipe(async (reader, writer) => {
        let calls = 0;
        const chain = (): void => {
          calls++;
          loop.callSoon(chain);
        };
        chain();
        loop.addReader(reader, () => {
          read(reader);
          loop.stop();
        });
        const timer = setInterval(() => {
          if (calls <= 100) return;
          clearInterval(timer);
          write(writer, "x");
        }, 20);
        await loop.runForever();
        loop.removeReader(reader);
      }),
    ));

  it("is replaced by the next one of its descriptor", () =>
    withLoop((loop) =>
      withPipe(async (reader, writer) => {
        loop.addReader(reader, () => assert.fail("replaced"));
        loop.addReader(reader, () => loop.stop());
        write(writer, "x");
        await loop.runForever();
        loop.removeReader(reader);
      }),
    ));

  it("is not called any more once it is taken back, even in the same turn", () =>
    withLoop((loop, contexts) =>
      withPipe((one, toOne) =>
        withPipe(async (two, toTwo) => {
          let calls = 0;
          for (const [own, other] of [
            [one, two],
            [two, one],
          ] as const) {
            loop.addReader(own, () => {
              calls++;
              assert.equal(loop.removeReader(other), true);
              loop.removeReader(own);
            });
          }
          write(toOne, "x");
          write(toTwo, "x");
          for (let i = 0; i < 1000 && calls === 0; i++) await loop.runUntilComplete(loop.sleep(20));
          await loop.runUntilComplete(loop.sleep(20));
          assert.equal(calls, 1);
          assert.equal(loop.removeReader(one), false);
          assert.deepEqual(contexts, []);
        }),
      ),
    ));

  it("is called when the other end is closed", () =>
    withLoop(async (loop) => {
      if (typeof sys === "string") throw new Error(sys);
      sys.pipe2(0, O_NONBLOCK);
      const [reader = -1, writer = -1] = new Int32Array(memory, 0, 2).slice();
      loop.addReader(reader, () => loop.stop());
      loop.callLater(2, () => sys.close(writer));
      await loop.runForever();
      assert.equal(read(reader), "");
      loop.removeReader(reader);
      sys.close(reader);
    }));

  it("keeps its context, and goes on when the loop runs again", () =>
    withLoop((loop) =>
      withPipe(async (reader, writer) => {
        const storage = new AsyncLocalStorage<string>();
        const seen: unknown[] = [];
        storage.run("adding", () =>
          loop.addReader(reader, () => {
            seen.push(storage.getStore(), read(reader));
            loop.stop();
          }),
        );
        for (const text of ["a", "b"]) {
          write(writer, text);
          await storage.run("running", () => loop.runForever());
        }
        assert.deepEqual(seen, ["adding", "a", "adding", "b"]);
        loop.removeReader(reader);
      }),
    ));

  it("that does not read costs a stopped loop nothing", () =>
    withLoop((loop) =>
      withPipe(async (reader, writer) => {
        write(writer, "x");
        loop.addReader(reader, () => loop.stop());
        await loop.runForever();
        // What else the process does, to collect garbage, say, does not last.
        const taken: number[] = [];
        while (taken.length < 50 && (taken.at(-1) ?? Infinity) >= 20_000) {
          const before = process.cpuUsage();
          await delay(100);
          const { user, system } = process.cpuUsage(before);
          taken.push(user + system);
        }
        assert.ok((taken.at(-1) ?? Infinity) < 20_000, `${taken.join(", ")} µs in 100 ms each`);
        loop.removeReader(reader);
      }),
    ));
});

describe("a writer", { skip }, () => {
  it("is called when its descriptor can be written to", () =>
    withLoop((loop) =>
      withPipe(async (reader, writer) => {
        const total = 500_000;
        let written = 0;
        let received = 0;
        loop.addWriter(writer, () => {
          written += Math.max(0, write(writer, "x".repeat(Math.min(SIZE, total - written))));
          if (written === total) loop.removeWriter(writer);
        });
        loop.addReader(reader, () => {
          received += read(reader, 50_000).length;
          if (received === total) loop.stop();
        });
        await loop.runForever();
        assert.equal(received, total);
        assert.equal(loop.removeWriter(writer), false);
        assert.equal(loop.removeReader(reader), true);
      }),
    ));
});

describe("what cannot be waited for", { skip }, () => {
  it("is refused with the reason", () =>
    withLoop((loop) => {
      if (!("deno" in process.versions)) {
        const file = openSync(process.execPath, "r");
        assert.throws(() => loop.addReader(file, () => undefined), /is that of a file/);
        closeSync(file);
      }
      assert.throws(() => loop.addReader(1_000_000, () => undefined), /no open descriptor 1000000/);
      for (const wrong of [-1, 1.5, "0", undefined, null, {}]) {
        assert.throws(() => loop.addReader(wrong as never, () => undefined), /a descriptor's number/);
      }
      assert.throws(() => loop.addReader(0, 5 as never), TypeError);
      assert.equal(loop.removeReader(12345), false);
      assert.equal(loop.removeWriter(12345), false);
    }));
});

describe("a stream of the runtime's own", () => {
  it("has readers and writers too", () =>
    withLoop(async (loop) => {
      const server = net.createServer((socket) => socket.pipe(socket));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
      await once(socket, "connect");
      let text = "";
      loop.addWriter(socket, () => {
        loop.removeWriter(socket);
        socket.write("hello");
        socket.end();
      });
      loop.addReader(socket, () => {
        const chunk = socket.read() as Buffer | null;
        if (chunk === null) loop.stop();
        else text += chunk.toString();
      });
      await loop.runForever();
      assert.equal(text, "hello");
      assert.equal(loop.removeReader(socket), true);
      assert.equal(loop.removeReader(socket), false);
      socket.destroy();
      server.close();
    }));

  it("tells its reader of its end, even if that comes when all has been read, or came before", () =>
    withLoop(async (loop) => {
      const stream = new Readable({ read: () => undefined });
      const seen: unknown[] = [];
      const reader = (): void => {
        const chunk = stream.read() as Buffer | null;
        seen.push(chunk === null ? null : chunk.toString());
        if (chunk === null) loop.stop();
        else loop.callLater(1, () => stream.push(null));
      };
      loop.addReader(stream, reader);
      stream.push("all");
      await loop.runForever();
      assert.deepEqual(seen, ["all", null]);
      loop.removeReader(stream);
      loop.addReader(stream, reader);
      await loop.runForever();
      assert.deepEqual(seen, ["all", null, null]);
    }));
});

describe("on Deno without --allow-ffi", { skip: !("deno" in process.versions) && "this is Node" }, () => {
  it("says why numbers of descriptors cannot be waited for", () => {
    const skein = new URL("../../../dist/index.js", import.meta.url).href;
    const source = `import { EventLoop } from ${JSON.stringify(skein)};
      try { new EventLoop().addReader(0, () => 0); } catch (error) { console.log(error.name, error.message); }`;
    const output = execFileSync(
      process.execPath,
      ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env", "--ext=js", "-"],
      { input: source, encoding: "utf8" },
    );
    assert.match(output, /^LoopError descriptors cannot be waited for here: Deno runs without --allow-ffi/);
  });
});
