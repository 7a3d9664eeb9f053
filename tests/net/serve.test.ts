/** What many, rude and resetting clients do to a server of event loops in AssemblyScript: nothing to the others. */
import assert from "node:assert/strict";
import net from "node:net";
import process from "node:process";
import { describe, it } from "node:test";
import { start } from "../../host/index.js";
import { buildOf } from "../programs/driver/builds.js";
import { runtime } from "../programs/driver/process.js";
import { ask, eventually, open, outlastCrowd, pollers, receiveAll, startServer, type Server } from "./server.js";

const PROGRAM = "tests/net/programs/reactor.ts";

/** What the server has counted. */
interface Counts {
  readonly opened: number;
  readonly closed: number;
  readonly errors: number;
  readonly bytes: number;
}

async function counts(server: Server): Promise<Counts> {
  const socket = await server.connect();
  const [opened = 0, closed = 0, errors = 0, bytes = 0] = (await ask(socket, "?")).trim().split(" ").map(Number);
  socket.destroy();
  return { opened, closed, errors, bytes };
}

for (const poller of pollers) {
  describe(`event loops [${runtime}, ${poller}]`, () => {
    it("keep thousands of idle connections for little", async () => {
      const server = await startServer(PROGRAM, poller);
      const before = await counts(server);
      const threads = server.threads;
      const atFirst = server.sockets;
      const sockets = await open(server, 4000);
      await Promise.all(sockets.map((socket) => ask(socket, "x")));
      const with4000 = await counts(server);
      const each = (with4000.bytes - before.bytes) / 4000;
      assert.ok(each <= 1024, `${each} bytes each`);
      assert.ok(server.threads <= threads + 8, `${server.threads} threads, and ${threads} before`);
      await server.rests();
      for (const socket of sockets) socket.resetAndDestroy();
      await eventually(() => server.sockets <= atFirst, "the descriptors are closed");
      await server.stop();
    });

    it("close each connection once, with an error only for what was reset", async () => {
      const server = await startServer(PROGRAM, poller);
      const atFirst = server.sockets;
      const { opened } = await counts(server);
      for (let round = 0; round < 5; round++) {
        const sockets = await open(server, 100);
        await Promise.all(sockets.map((socket) => ask(socket, "x")));
        for (const [i, socket] of sockets.entries()) {
          if (i % 2 === 0) socket.resetAndDestroy();
          else socket.end();
        }
      }
      await eventually(() => server.sockets <= atFirst, "the descriptors are closed");
      const after = await counts(server);
      assert.equal(after.opened - opened, 501);
      assert.equal(after.closed, after.opened - 1, "all but the one that asks");
      assert.equal(after.errors, 250);
      await server.stop();
    });

    it("answer what a client asked for before it ended its side", async () => {
      const server = await startServer(PROGRAM, poller);
      const socket = net.connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
      const received = receiveAll(socket);
      const data = Buffer.alloc(3 << 20, "abc");
      socket.end(data);
      assert.ok((await received).equals(data));
      socket.destroy();
      await server.stop();
    });

    it("serve the others while some never read, and some send a byte at a time", async () => {
      const server = await startServer(PROGRAM, poller, { procs: 1 });
      const rude = await open(server, 20);
      for (const socket of rude) {
        socket.pause();
        socket.write(Buffer.alloc(8 << 20, 120));
      }
      const slow = await server.connect();
      for (let i = 0; i < 20; i++) {
        assert.equal(await ask(slow, "s"), "s");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      for (const socket of rude) socket.resetAndDestroy();
      slow.destroy();
      await server.stop();
    });

    // The runtime's own sockets close what they have no descriptor for.
    const options = { skip: poller === "stdlib" };
    it("wait when too many files are open, and go on when there is room", options, async () => {
      const server = await startServer(PROGRAM, poller, { files: 120 });
      await outlastCrowd(server, poller);
    });

    it("end with their program, which may run again", async () => {
      const rt = await start({ program: await buildOf(PROGRAM), procs: 2, poller });
      for (let round = 0; round < 3; round++) {
        const where = `/tmp/skein-reactor-${process.pid}-${poller}-${round}.sock`;
        const ended = rt.run([`unix://${where}`, "quit"]);
        let socket: net.Socket | undefined;
        for (let tries = 0; socket === undefined; tries++) {
          socket = await new Promise<net.Socket | undefined>((resolve, reject) => {
            const attempt = net.connect(where, () => resolve(attempt));
            attempt.once("error", (error) => (tries > 200 ? reject(error) : setTimeout(resolve, 20)));
          });
        }
        assert.equal(await ask(socket, "hello"), "hello");
        const gone = new Promise((resolve) => socket.once("close", resolve));
        socket.on("error", () => {}).resume();
        // main returns while its server is serving.
        socket.write("Q");
        assert.equal(await ended, 0);
        await gone;
      }
      await rt.close();
    });
  });
}

it(`the event-driven echo server echoes [${runtime}]`, async () => {
  const server = await startServer("examples/net/reactor-echo.ts", "epoll");
  const socket = await server.connect();
  assert.equal(await ask(socket, "hello"), "hello");
  socket.destroy();
  await server.stop();
});
