/** What many, slow, rude and greedy clients do to a server with a goroutine per connection: nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runtime } from "../programs/driver/process.js";
import { ask, eventually, open, outlastCrowd, pollers, startServer, type Server } from "./server.js";

const PROGRAM = "tests/net/programs/counting.ts";

interface Counts {
  readonly goroutines: number;
  readonly bytes: number;
}

async function counts(server: Server): Promise<Counts> {
  const socket = await server.connect();
  const [goroutines = 0, bytes = 0] = (await ask(socket, "?")).trim().split(" ").map(Number);
  socket.destroy();
  return { goroutines, bytes };
}

for (const poller of pollers) {
  describe(`a goroutine per connection [${runtime}, ${poller}]`, () => {
    it("keeps thousands of idle connections for little", async () => {
      const server = await startServer(PROGRAM, poller);
      const before = await counts(server);
      const threads = server.threads;
      const atFirst = server.sockets;
      const sockets = await open(server, 4000);
      await Promise.all(sockets.map((socket) => ask(socket, "x")));
      const with4000 = await counts(server);
      assert.equal(with4000.goroutines - before.goroutines, 4000);
      const each = (with4000.bytes - before.bytes) / 4000;
      // Where the poller is the library's the requests and buffers under way are memory of the program's too: pages that held them count whole.
      assert.ok(each <= (poller === "stdlib" ? 2048 : 1024), `${each} bytes each`);
      assert.ok(server.threads <= threads + 8, `${server.threads} threads, and ${threads} before`);
      await server.rests();
      for (const socket of sockets) socket.resetAndDestroy();
      await eventually(() => server.sockets <= atFirst, "the descriptors are closed");
      await server.stop();
    });

    it("leaks nothing over many connections", async () => {
      const server = await startServer(PROGRAM, poller);
      const atFirst = server.sockets;
      await Promise.all((await open(server, 200)).map((socket) => ask(socket, "x").then(() => socket.destroy())));
      await eventually(() => server.sockets <= atFirst, "the descriptors of the first connections are closed");
      const before = await counts(server);
      for (let round = 0; round < 20; round++) {
        const sockets = await open(server, 200);
        // Some say something, some reset the connection, some end it.
        await Promise.all(sockets.filter((_, i) => i % 3 === 0).map((socket) => ask(socket, "x")));
        for (const [i, socket] of sockets.entries()) {
          if (i % 3 === 1) socket.destroy();
          else socket.resetAndDestroy();
        }
      }
      await eventually(() => server.sockets <= atFirst, "the descriptors are closed");
      const after = await counts(server);
      assert.equal(after.goroutines, before.goroutines);
      await server.stop();
    });

    it("serves the others while some never read, and some send a byte at a time", async () => {
      const server = await startServer(PROGRAM, poller, { procs: 1 });
      const rude = await open(server, 20);
      for (const [i, socket] of rude.entries()) {
        socket.pause();
        // Echo to one who does not read stops at full buffers; "!" is not read from again.
        if (i % 2 === 0) socket.write(Buffer.alloc(8 << 20, 120));
        else socket.write(Buffer.concat([Buffer.from("!"), Buffer.alloc(4 << 20)]));
      }
      const slow = await server.connect();
      for (let i = 0; i < 20; i++) {
        assert.equal(await ask(slow, "s"), "s");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      for (const socket of rude) socket.destroy();
      slow.destroy();
      await server.stop();
    });

    // The runtime's own sockets close what they have no descriptor for.
    const options = { skip: poller === "stdlib" };
    it("waits when too many files are open, and goes on when there is room", options, async () => {
      const server = await startServer(PROGRAM, poller, { files: 120 });
      await outlastCrowd(server, poller);
    });

    it("serves again when there is room, whatever became of those that came meanwhile", async () => {
      const server = await startServer(PROGRAM, poller, { files: 120 });
      for (let round = 0; round < 2; round++) {
        const sockets = await Promise.all(
          Array.from({ length: 200 }, () => server.connect().catch(() => undefined)), // refused, where the listener pauses
        );
        await new Promise((resolve) => setTimeout(resolve, 500));
        server.check();
        for (const socket of sockets) socket?.on("error", () => {}).destroy();
        let answer = "";
        for (const late = Date.now() + 30_000; answer !== "y" && Date.now() < late;) {
          try {
            const socket = await server.connect();
            answer = await Promise.race([
              ask(socket, "y").catch(() => "closed"),
              new Promise<string>((resolve) => setTimeout(() => resolve("silence"), 5000)),
            ]);
            socket.destroy();
          } catch {
            answer = "refused";
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        }
        assert.equal(answer, "y", `in round ${round}`);
      }
      await server.stop();
    });
  });
}
