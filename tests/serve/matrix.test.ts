/**
 * evio's own test as one body over network x loops x balance x poller: ten clients send random data in random sizes, 0 to
 * 1 MB, and get it back; the server shuts down when the last of them has gone.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { dial, moduleOf, pollers, receive, serve, socketPath } from "./support.js";

const CLIENTS = 10;
const MEGABYTE = 1 << 20;

const balances = ["random", "round-robin", "least-connections"] as const;

function handlers(loops: number, loadBalance: string, poller: string): string {
  return moduleOf(`
    import { Action } from "skein";
    export const loops = ${loops};
    export const loadBalance = "${loadBalance}";
    export const poller = "${poller}";
    let server;
    export function serving(given) { server = given; }
    export function opened(conn) {
      conn.context = conn;
      if (!conn.localAddr || !conn.remoteAddr) throw new Error("no address");
      return { out: "sweetness\\r\\n", keepAliveMs: 300_000 };
    }
    export function data(conn, input) { return input; }
    export function closed(conn, error) {
      if (conn.context !== conn) throw new Error("not its context");
      if (error) throw error;
    }
    export function tick() {
      const { connections, loops } = server.stats();
      const accepted = loops.reduce((sum, loop) => sum + loop.accepted, 0);
      if (accepted === ${CLIENTS} && connections === 0) return { action: Action.Shutdown };
      return 20;
    }
    export function error(error) { console.error(error); throw error; }
  `);
}

async function client(address: string): Promise<void> {
  const socket = await dial(address);
  assert.equal((await receive(socket, 11)).toString(), "sweetness\r\n");
  const end = performance.now() + 125 + Math.random() * 250;
  for (let sent = 0; performance.now() < end || sent === 0; sent++) {
    const data = randomBytes(Math.floor(Math.random() * MEGABYTE));
    socket.write(data);
    assert.ok((await receive(socket, data.length)).equals(data), "what came back is what was sent");
  }
  socket.destroy();
}

for (const poller of pollers) {
  for (const network of ["tcp", "unix"]) {
    for (const loops of [1, 5, -1]) {
      for (const balance of balances) {
        test(`${poller}, ${network}, ${loops} loops, ${balance}`, { timeout: 60_000 }, async () => {
          const address = network === "tcp" ? "tcp://127.0.0.1:0" : `unix://${socketPath()}`;
          const server = await serve(handlers(loops, balance, poller), address);
          assert.equal(server.stats().poller, poller);
          await Promise.all(Array.from({ length: CLIENTS }, () => client(server.addrs[0] as string)));
          await server.closed;
          const stats = server.stats();
          assert.equal(stats.connections, 0);
          assert.equal(
            stats.loops.reduce((sum, { accepted }) => sum + accepted, 0),
            CLIENTS,
          );
          if (balance === "round-robin") {
            const counts = stats.loops.map(({ accepted }) => accepted);
            assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join(", "));
          }
        });
      }
    }
  }
}
