/** Byte streams of the event loop: asyncio's reader, writer and server over sockets. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CancelledError, IncompleteReadError, LimitOverrunError, LoopError, StreamReader } from "../../host/index.js";
import { inLoop, withLoop } from "./support.js";

describe("a reader", () => {
  it(
    "gives lines, exact counts, what comes up to a separator, and the end",
    inLoop(async (loop) => {
      const reader = new StreamReader(loop);
      reader.feedData(Buffer.from("one\ntwo\r\nthr"));
      assert.equal((await reader.readline()).toString(), "one\n");
      assert.equal((await reader.readuntil("\r\n")).toString(), "two\r\n");
      const exact = reader.readexactly(5);
      await loop.sleep(0);
      reader.feedData(Buffer.from("eexy"));
      assert.equal((await exact).toString(), "three");
      assert.equal((await reader.read(1)).toString(), "x");
      assert.equal(reader.atEof(), false);
      reader.feedData(Buffer.from("\nlast"));
      reader.feedEof();
      const lines: string[] = [];
      for await (const line of reader) lines.push(line.toString());
      assert.deepEqual(lines, ["y\n", "last"]);
      assert.equal(reader.atEof(), true);
      assert.equal((await reader.read()).length, 0);
      assert.throws(() => reader.feedData(Buffer.from("x")), LoopError);
    }),
  );

  it(
    "fails as asyncio's does: too early an end, a line beyond the limit, two that read at once, what was set",
    inLoop(async (loop) => {
      const early = new StreamReader(loop);
      early.feedData(Buffer.from("abc"));
      early.feedEof();
      await assert.rejects(
        async () => early.readexactly(5),
        (error: IncompleteReadError) => error.partial.toString() === "abc" && error.expected === 5,
      );
      await assert.rejects(async () => early.readuntil("x"), IncompleteReadError);
      const limited = new StreamReader(loop, { limit: 4 });
      limited.feedData(Buffer.from("123456\nabc\n"));
      await assert.rejects(async () => limited.readuntil(), LimitOverrunError);
      await assert.rejects(async () => limited.readline(), { name: "RangeError", message: /longer than limit/ });
      assert.equal((await limited.readline()).toString(), "abc\n");
      const first = limited.readline();
      await loop.sleep(0);
      await assert.rejects(async () => limited.read(1), /read\(\) called while another coroutine is already waiting/);
      first.cancel();
      await assert.rejects(async () => first, CancelledError);
      limited.feedData(Buffer.from("d\n"));
      assert.equal((await limited.readline()).toString(), "d\n", "a cancelled read loses nothing");
      limited.setException(new Error("broken"));
      await assert.rejects(async () => limited.read(), /broken/);
      assert.throws(() => new StreamReader(loop, { limit: 0 }), RangeError);
      assert.throws(() => limited.readuntil(""), RangeError);
    }),
  );
});

describe("a server", () => {
  it(
    "has a task for each connection, and streams both ways",
    inLoop(async (loop) => {
      const server = await loop.startServer(
        async (reader, writer) => {
          for await (const line of reader) {
            writer.write(line.toString().toUpperCase());
            await writer.drain();
          }
          writer.close();
          await writer.waitClosed();
        },
        { port: 0 },
      );
      assert.equal(server.isServing(), true);
      assert.match(server.address, /^127\.0\.0\.1:\d+$/);
      const clients = Array.from({ length: 5 }, async (_, i) => {
        const [reader, writer] = await loop.openConnection({ port: server.port, host: "127.0.0.1" });
        assert.equal(writer.getExtraInfo("peername"), server.address);
        writer.writelines([`line ${i}\n`, Buffer.from("and again\n")]);
        writer.writeEof();
        const all = (await reader.read()).toString();
        writer.close();
        await writer.waitClosed();
        assert.equal(writer.isClosing(), true);
        return all;
      });
      assert.deepEqual(
        await loop.gather(clients),
        [0, 1, 2, 3, 4].map((i) => `LINE ${i}\nAND AGAIN\n`),
      );
      const serving = server.serveForever();
      await loop.sleep(1);
      serving.cancel();
      await assert.rejects(async () => serving, CancelledError);
      await server.waitClosed();
      assert.equal(server.isServing(), false);
      await assert.rejects(async () => loop.openConnection({ port: server.port || 1 }), { code: "ECONNREFUSED" });
    }),
  );

  it(
    "holds back who sends without end, and who writes to one that does not read",
    inLoop(async (loop) => {
      let received = 0;
      const server = await loop.startServer(
        function* (reader, writer) {
          yield* loop.sleep(50);
          for (let piece = yield* reader.read(1 << 16); piece.length > 0; piece = yield* reader.read(1 << 16))
            received += piece.length;
          writer.close();
        },
        { port: 0, limit: 1 << 16 },
      );
      const [, writer] = await loop.openConnection({ port: server.port });
      const piece = Buffer.alloc(1 << 20);
      const start = performance.now();
      for (let i = 0; i < 32; i++) {
        writer.write(piece);
        await writer.drain();
      }
      assert.ok(performance.now() - start >= 40, "who writes waits for who reads");
      writer.writeEof();
      await writer.waitClosed();
      assert.equal(received, 32 * piece.length);
      await server[Symbol.asyncDispose]();
    }),
  );

  it("tells the exception handler of a connection that fails, and closes it", () =>
    withLoop(async (loop, contexts) => {
      await loop.runUntilComplete(async () => {
        const failing = async (): Promise<void> => {
          await loop.sleep(0);
          throw new Error("no");
        };
        const server = await loop.startServer(failing, { port: 0 });
        const [reader, writer] = await loop.openConnection({ port: server.port });
        assert.equal((await reader.read()).length, 0);
        writer.close();
        await server[Symbol.asyncDispose]();
      });
      assert.match(String(contexts[0]?.exception), /no/);
      assert.equal(contexts.length, 1);
    }));
});
