/** Servers as wholes: addresses, modules and their threads, limits of the system. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { loadSys } from "../../host/sockets/sys.js";
import { wake, type Conn, type Events } from "../../host/serve/index.js";
import {
  dial,
  epollOnly,
  moduleOf,
  onDeno,
  openFiles,
  pollers,
  receive,
  receiveAll,
  serve,
  sleep,
  socketPath,
  until,
  withServer,
} from "./support.js";

const TCP = "tcp://127.0.0.1:0";
const skein = new URL("../../../dist/index.js", import.meta.url).href;

test("what is wrong with an address, an option or the events is said", async () => {
  const cases: [unknown, string[], RegExp][] = [
    [{}, [], /nothing to serve/],
    [{}, ["tulip://howdy"], /bad address "tulip:\/\/howdy": there is no network tulip/],
    [{}, ["howdy"], /bad address "howdy": write it as/],
    [{}, ["tcp://127.0.0.1"], /the port is missing/],
    [{}, ["tcp://127.0.0.1:65536"], /a port is a number from 0 to 65535/],
    [{}, ["tcp://127.0.0.1:http"], /write host:port/],
    [{}, ["tcp6://127.0.0.1:1"], /127\.0\.0\.1 is no address for tcp6/],
    [{}, ["tcp4://[::1]:1"], /::1 is no address for tcp4/],
    [{}, ["tcp://[::zz]:1"], /::zz is no IPv6 address/],
    [{}, ["unix://"], /the path is missing/],
    [{}, [`unix:///tmp/${"x".repeat(120)}`], /at most 107 bytes/],
    [{}, ["tcp://:0?reuseprot=true"], /there is no parameter reuseprot/],
    [{}, ["tcp://:0?reuseport=maybe"], /reuseport is true or false, not maybe/],
    [{}, ["tcp://no-such-host.invalid:0"], /bad address "tcp:\/\/no-such-host\.invalid:0"/],
    [{ loops: -2 }, [TCP], /loops of serve's events must be -1/],
    [{ loops: 1.5 }, [TCP], /loops/],
    [
      { loadBalance: "fair" },
      [TCP],
      /loadBalance of serve's events must be one of random, round-robin, least-connections, not "fair"/,
    ],
    [{ poller: "kqueue" }, [TCP], /poller of serve's events must be one of auto, epoll, stdlib/],
    [{ data: "x" }, [TCP], /data of serve's events must be a function/],
    [{ highWaterMark: -1 }, [TCP], /highWaterMark/],
    [null, [TCP], /serve needs an object of handlers/],
    [7, [TCP], /serve needs an object of handlers/],
    [{ poller: "epoll" }, ["tcp-net://:0"], /epoll poller was asked for, but an address asks/],
    ["./no/such/module.js", [TCP], /the module of handlers .*module\.js cannot be loaded/],
    [moduleOf("export const loops = 'many'"), [TCP], /loops of serve's events/],
    [moduleOf("throw new Error('thrown while loading')"), [TCP], /cannot be loaded: thrown while loading/],
  ];
  for (const [events, addrs, expected] of cases) {
    await assert.rejects(serve(events as object, ...addrs), expected, `${addrs.join()} ${expected.source}`);
  }
  await assert.rejects(serve({}, "tcp://no-such-host.invalid:0"), { name: "AddressError", code: "ENOTFOUND" });
});

test("an address without a host is loopback; without a port the system chooses", async () => {
  await withServer({}, ["tcp://", "tcp://:0", "tcp6://:0", ":0"], ({ addrs }) => {
    assert.match(
      addrs.join(" "),
      /^tcp:\/\/127\.0\.0\.1:\d+ tcp:\/\/127\.0\.0\.1:\d+ tcp6:\/\/\[::1\]:\d+ tcp:\/\/127\.0\.0\.1:\d+$/,
    );
    assert.ok(!addrs.join().includes(":0,"));
    return Promise.resolve();
  });
});

for (const poller of pollers) {
  const it = (name: string, body: () => Promise<void>) => void test(`${poller}: ${name}`, { timeout: 60_000 }, body);

  it("a taken port and a place without permission are errors with the system's code, and leave nothing open", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const before = openFiles();
    await assert.rejects(serve({ poller }, TCP, `tcp://127.0.0.1:${port}`), (error: NodeJS.ErrnoException) => {
      assert.equal(error.code, "EADDRINUSE");
      assert.match(error.message, new RegExp(`tcp://127.0.0.1:${port}.*address already in use`));
      return true;
    });
    await assert.rejects(serve({ poller }, "unix:///no/such/directory/x.sock"), {
      code: poller === "epoll" ? "ENOENT" : (/ENOENT|EACCES/ as never),
    });
    // An address of another machine; Deno's own sockets call it EINVAL.
    await assert.rejects(serve({ poller }, "tcp://192.0.2.1:0"), ({ code }: NodeJS.ErrnoException) =>
      ["EADDRNOTAVAIL", onDeno ? "EINVAL" : ""].includes(code ?? ""),
    );
    await assert.rejects(serve(moduleOf(`export const poller = "${poller}"`), `tcp://127.0.0.1:${port}`), {
      code: "EADDRINUSE",
    });
    await until(() => openFiles() <= before, `the ${before} open files are all that is left`);
    other.close();
  });

  it("clients that go before their loop has heard of them close once, in order", async () => {
    const source = `export const poller = "${poller}"; export const loops = 2;
      export function closed(conn, error) { if (error) throw error; }`;
    await withServer(moduleOf(source), TCP, async (server) => {
      for (let i = 0; i < 10; i++) (await dial(server.addrs[0] as string)).destroy();
      const accepted = (): number => server.stats().loops.reduce((sum, { accepted }) => sum + accepted, 0);
      await until(() => accepted() === 10 && server.stats().connections === 0, "all have closed");
    });
  });

  it("a Unix socket that nobody serves any more is replaced, and removed at the end; another file is not", async () => {
    const path = socketPath();
    const server = await serve({ poller }, `unix://${path}`);
    if (poller === "epoll") await assert.rejects(serve({ poller }, `unix://${path}`), { code: "EADDRINUSE" });
    await server.close();
    assert.ok(!existsSync(path));
    writeFileSync(path, "precious");
    await assert.rejects(serve({ poller }, `unix://${path}`), { code: "EADDRINUSE" });
    assert.ok(existsSync(path));
    rmSync(path);
  });

  it("a Unix socket whose server was killed is replaced; one that another server has put there meanwhile is left", async () => {
    const path = socketPath();
    const killed = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync("node", ["-e", killed]);
    assert.ok(existsSync(path), "nobody has removed it");
    const server = await serve({ poller }, `unix://${path}`);
    rmSync(path);
    const other = await serve({ poller }, `unix://${path}`);
    await server.close();
    (await dial(`unix://${path}`)).destroy();
    await other.close();
    assert.ok(!existsSync(path));
  });

  it("connections that come and go leave no descriptor and no memory behind", async () => {
    let [opened, closed] = [0, 0];
    await withServer(
      { poller, opened: () => void opened++, data: (_conn, input) => input, closed: () => void closed++ },
      TCP,
      async ({ addrs }) => {
        const before = openFiles();
        for (let round = 0; round < 40; round++) {
          const sockets = await Promise.all(Array.from({ length: 50 }, () => dial(addrs[0] as string)));
          for (const [i, socket] of sockets.entries()) {
            if (i % 3 === 0) socket.write("x");
            socket.destroy();
          }
        }
        await until(() => opened === 2000 && closed === 2000, "all have closed");
        await until(() => openFiles() <= before + 4, "no descriptors are left");
      },
    );
  });

  it("loops on threads are shut down from any of them, and serving comes on the first", async () => {
    const events = moduleOf(`
      import { Action } from "skein";
      import { threadId } from "node:worker_threads";
      export const loops = 4, poller = "${poller}", loadBalance = "round-robin";
      let served = "";
      export const serving = (server) => { served = "serving " + server.loops + " " + server.addrs.length + " "; };
      export const opened = () => served + threadId + "\\n";
      export const data = () => Action.Shutdown;
    `);
    const server = await serve(events, TCP);
    assert.equal(server.loops, 4);
    const sockets = await Promise.all([1, 2, 3, 4].map(() => dial(server.addrs[0] as string)));
    const texts = await Promise.all(sockets.map(async (socket) => (await receive(socket, 2)).toString()));
    assert.equal(texts.filter((text) => text === "se").length, 1, "serving came on one loop");
    sockets[texts.findIndex((text) => text !== "se")]?.write("x");
    await server.closed;
    for (const socket of sockets) socket.destroy();
  });

  it("a wake is served before the input of other events, however much of that there is", async () => {
    // Else what wakes are to send piles up behind a flood of input: the lines of a chat, say.
    const events = moduleOf(`
      export const loops = 1, poller = "${poller}";
      let inputs = 0, most = 0;
      export function data(conn, input) {
        if (input.length === 0) return void (inputs = 0);
        most = Math.max(most, ++inputs);
        conn.wake();
        return input.at(-1) === 10 ? most + "\\n" : null;
      }
    `);
    await withServer(events, TCP, async ({ addrs }) => {
      const sockets = await Promise.all(Array.from({ length: 16 }, () => dial(addrs[0] as string)));
      for (const socket of sockets) socket.write(Buffer.alloc(4 << 20));
      for (const socket of sockets) socket.end("\n");
      const answers = await Promise.all(sockets.map(receiveAll));
      const most = Math.max(...answers.map(Number));
      assert.ok(most > 0 && most <= 2 * sockets.length, `${most} inputs came before the wake of the first`);
    });
  });

  it("an error that a module's own timers throw takes the server down, and closed says so", async () => {
    const events = moduleOf(`
      export const loops = 2, poller = "${poller}";
      export const data = () => { setTimeout(() => { throw new TypeError("from a timer"); }, 1); };
    `);
    const server = await serve(events, TCP);
    const socket = await dial(server.addrs[0] as string);
    const end = receiveAll(socket);
    socket.write("x");
    await assert.rejects(server.closed, /from a timer/);
    socket.destroy();
    await end;
  });

  it("a module's timers and promises run between events", async () => {
    const events = moduleOf(`
      import { setTimeout as sleep } from "node:timers/promises";
      export const poller = "${poller}";
      export function data(conn, input) {
        if (input.length === 0) return "later";
        void sleep(10).then(() => conn.wake());
        return "now ";
      }
    `);
    await withServer(events, TCP, async ({ addrs }) => {
      const socket = await dial(addrs[0] as string);
      socket.write("x");
      assert.equal((await receive(socket, 9)).toString(), "now later");
      socket.destroy();
    });
  });

  it("other threads write to a connection by its handle, as fast as its peer reads, and close it", async () => {
    const [PIECES, SIZE] = [160, 100_000];
    let conn: Conn | undefined;
    let isClosed = false;
    const events: Events = {
      poller,
      highWaterMark: 1 << 20,
      opened: (given) => void (conn = given),
      closed: () => void (isClosed = true),
    };
    await withServer(events, TCP, async ({ addrs }) => {
      const socket = await dial(addrs[0] as string);
      socket.pause();
      await until(() => conn !== undefined, "opened");
      const script = `
        const { workerData } = await import("node:worker_threads");
        const { connOf } = await import(workerData.skein);
        const conn = connOf(workerData.handle);
        const piece = new Uint8Array(${SIZE});
        for (let i = 0; i < ${PIECES}; i++) {
          piece.fill(i);
          if (!(await conn.write(piece))) throw new Error("it has closed");
          Atomics.add(workerData.written, 0, 1);
        }
        if (!conn.close()) throw new Error("it had closed");
        while (await conn.write("x")) await new Promise((resolve) => setTimeout(resolve, 1));
        if (conn.close() || conn.wake()) throw new Error("it has not closed");
      `;
      const written = new Int32Array(new SharedArrayBuffer(4));
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
        workerData: { skein, handle: conn?.handle, written },
      });
      const ended = new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
      await until(() => (conn?.buffered ?? 0) > 1 << 20, "its output waits");
      await sleep(50);
      assert.ok(Atomics.load(written, 0) < PIECES, "the writer waits");
      assert.ok((conn?.buffered ?? 0) < 8 << 20, `${conn?.buffered} bytes wait`);
      const all = await receive(socket, PIECES * SIZE);
      for (let i = 0; i < PIECES; i++) assert.ok(all.subarray(i * SIZE, (i + 1) * SIZE).every((byte) => byte === i));
      socket.resume();
      await ended;
      await until(() => isClosed, "closed");
    });
  });

  it("another thread wakes a connection by its handle", async () => {
    let conn: Conn | undefined;
    let wakes = 0;
    await withServer(
      {
        poller,
        opened: (given) => void (conn = given),
        data: (_conn, input) => (input.length === 0 ? `wake ${++wakes}\n` : null),
      },
      TCP,
      async ({ addrs }) => {
        const socket = await dial(addrs[0] as string);
        await until(() => conn !== undefined, "opened");
        const script = `
          const { workerData, parentPort } = await import("node:worker_threads");
          const { wake } = await import(workerData.skein);
          for (let i = 0; i < 9; i++) if (!wake(workerData.handle)) throw new Error("it has not closed");
        `;
        const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
          workerData: { skein, handle: conn?.handle },
        });
        const ended = new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
        assert.match((await receive(socket, 9 * 7)).toString(), /^wake 1\n.*wake 9\n$/s);
        await ended;
        socket.destroy();
        const handle = conn?.handle;
        await until(() => handle !== undefined && !wake(handle), "the handle of a closed connection wakes nobody");
      },
    );
  });

  it("servers share a port where both say reuseport", async (): Promise<void> => {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    const known = poller === "epoll" || (!onDeno && (major > 22 || (major === 22 && minor >= 12)));
    if (!known) return;
    const first = await serve({ poller, opened: () => "x" }, `${TCP}?reuseport=true`);
    const second = await serve({ poller, opened: () => "x" }, `${first.addrs[0]}?reuseport=1`);
    assert.deepEqual(first.addrs, second.addrs);
    for (let i = 0; i < 20; i++) {
      const socket = await dial(first.addrs[0] as string);
      await receive(socket, 1);
      socket.destroy();
    }
    await Promise.all([first.close(), second.close()]);
  });
}

test("servers come and go, and threads with them", { timeout: 120_000 }, async () => {
  const events = moduleOf(
    `export const loops = 2; export const opened = () => "x"; export const data = (conn, input) => input;`,
  );
  for (let i = 0; i < 20; i++) {
    const server = await serve(events, TCP);
    const sockets = await Promise.all([1, 2, 3].map(() => dial(server.addrs[0] as string)));
    for (const socket of sockets) socket.write("hello");
    await sleep((i % 5) * 3);
    if (i % 2 === 0) for (const socket of sockets) socket.destroy();
    await server.close();
    for (const socket of sockets) socket.destroy();
  }
});

test(
  "a loop that computes for ever is ended, and close says so",
  { skip: onDeno ? "Deno ends no thread that computes" : false, timeout: 60_000 },
  async () => {
    const events = moduleOf(
      `export const lingerMs = 100; export const opened = () => "x"; export const data = () => { for (;;); };`,
    );
    const server = await serve(events, TCP);
    const socket = await dial(server.addrs[0] as string);
    await receive(socket, 1);
    socket.write("x");
    await sleep(1000);
    await assert.rejects(server.close(), /loop 0 did not stop: a handler is still computing/);
    socket.destroy();
  },
);

test("a wake leaves nothing to be reported again: an idle loop does not turn", epollOnly, async () => {
  let conn: Conn | undefined;
  await withServer({ poller: "epoll", opened: (given) => void (conn = given) }, TCP, async (server) => {
    const socket = await dial(server.addrs[0] as string);
    await until(() => conn !== undefined, "opened");
    const script = `
      const { workerData } = await import("node:worker_threads");
      const { wake } = await import(workerData.skein);
      for (let i = 0; i < 100; i++) wake(workerData.handle);
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
      workerData: { skein, handle: conn?.handle },
    });
    await new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
    await until(() => server.stats().loops[0]?.wakes === 100, "all wakes were served");
    await sleep(50);
    const before = server.stats().loops[0]?.turns ?? 0;
    // What else the process does, to collect garbage, say, does not last.
    const taken: number[] = [];
    while (taken.length < 20 && (taken.at(-1) ?? Infinity) >= 100_000) {
      const cpu = process.cpuUsage();
      await sleep(300);
      taken.push(process.cpuUsage(cpu).user);
    }
    assert.equal(server.stats().loops[0]?.turns, before);
    assert.ok((taken.at(-1) ?? Infinity) < 100_000, `${taken.join(", ")} µs in 300 ms each`);
    socket.destroy();
  });
});

test("a connection wakes one loop, not all of them", epollOnly, async () => {
  const events = moduleOf(
    `export const loops = 8, poller = "epoll", loadBalance = "round-robin"; export const opened = () => "x";`,
  );
  await withServer(events, TCP, async (server) => {
    const turns = (): number => server.stats().loops.reduce((sum, loop) => sum + loop.turns, 0);
    await sleep(100);
    const before = turns();
    for (let i = 0; i < 40; i++) {
      const socket = await dial(server.addrs[0] as string);
      await receive(socket, 1);
      socket.destroy();
    }
    await until(() => server.stats().connections === 0, "all have closed");
    // One for the accept, one for the loop that gets the connection, one for its end; were all loops woken, it would be ten.
    // The kernel promises to wake one at least, and on a busy machine wakes some more.
    assert.ok(turns() - before < 40 * 9, `${turns() - before} turns for 40 connections`);
  });
});

for (const poller of ["epoll", "stdlib"] as const) {
  test(
    `a server that finds no free descriptor goes on when there are some again [${poller}]`,
    { ...(poller === "epoll" && epollOnly), timeout: 60_000 },
    () => {
      const script = `
    import { connect } from "node:net";
    import { serve } from ${JSON.stringify(skein)};
    const failures = [];
    let opened = 0;
    const server = await serve({ poller: "${poller}", opened() { opened++; return "x"; }, error: (error) => failures.push(error.code) }, "tcp://127.0.0.1:0");
    const port = Number(server.addrs[0].split(":").pop());
    const sockets = [];
    // Each connection takes two of this process's descriptors.
    for (let i = 0; i < 200 && failures.length === 0; i++) {
      try {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        sockets.push(socket);
      } catch {}
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const before = opened;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const socket = connect(port, "127.0.0.1");
    const text = await new Promise((resolve, reject) => { socket.on("data", resolve); socket.on("error", reject); });
    console.log(JSON.stringify({ codes: [...new Set(failures)], few: failures.length < 20, more: before > 10, text: String(text) }));
    process.exit(0);
  `;
      const run = onDeno ? `${process.execPath} run -A --quiet -` : `${process.execPath} --input-type=module -`;
      const { stdout, stderr } = spawnSync("sh", ["-c", `ulimit -n 128; exec ${run}`], {
        input: script,
        encoding: "utf8",
        timeout: 30_000,
      });
      // The runtime's own sockets tell nobody.
      const codes = poller === "epoll" ? '["EMFILE"]' : "[]";
      assert.equal(stdout.trim(), `{"codes":${codes},"few":true,"more":true,"text":"x"}`, stderr);
    },
  );
}

test("where nothing can call C the runtime's own sockets serve, and the server says why", { timeout: 60_000 }, () => {
  if (!onDeno && typeof loadSys(new ArrayBuffer(8)) !== "string") {
    const [major = 0] = process.versions.node.split(".").map(Number);
    if (major >= 26) return;
  }
  const script = `
    import { serve } from ${JSON.stringify(skein)};
    const server = await serve({ data: (conn, input) => input }, "tcp://127.0.0.1:0");
    const { poller, pollerReason } = server.stats();
    console.log(poller + ": " + pollerReason);
    await server.close();
    await serve({ poller: "epoll" }, "tcp://127.0.0.1:0").catch((error) => console.log(error.message));
  `;
  const env = { ...process.env, SKEIN_DEBUG: "poller=1", NO_COLOR: "1" };
  // Without permission for native code there is no koffi on Node.
  const [file, args] = onDeno
    ? [process.execPath, ["run", "-A", "--deny-ffi", "--quiet", "-"]]
    : [
        process.execPath,
        ["--experimental-permission", "--allow-fs-read=*", "--allow-worker", "--input-type=module", "-"],
      ];
  const { stdout, stderr } = spawnSync(file, args, { input: script, encoding: "utf8", env, timeout: 30_000 });
  const [first = "", second = ""] = stdout.trim().split("\n");
  const reason = onDeno ? /Deno runs without --allow-ffi/ : /koffi: Cannot load native addon/;
  assert.match(first, /^stdlib: /, stderr);
  assert.match(first, reason);
  assert.match(second, /epoll poller cannot be had/);
  assert.match(stderr, /^POLLER stdlib: /m);
});
