/** What a server promises its handlers and its clients, one behaviour a test, on both pollers. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { test } from "node:test";
import type { Duplex } from "node:stream";
import { Action, type Conn, type Events } from "../../host/serve/index.js";
import { dial, pollers, receive, receiveAll, serve, sleep, socketPath, until, withServer } from "./support.js";

const TCP = "tcp://127.0.0.1:0";
const MEGABYTE = 1 << 20;

function codeOf(error: NodeJS.ErrnoException | null): string {
  return error?.code ?? "none";
}

for (const poller of pollers) {
  const it = (name: string, body: () => Promise<void>) => void test(`${poller}: ${name}`, { timeout: 60_000 }, body);
  const on = (events: Events, body: (address: string) => Promise<void>, address = TCP): Promise<void> =>
    withServer({ poller, ...events }, address, (server) => body(server.addrs[0] as string));

  it("a partial write is resumed at its byte", async () => {
    const data = randomBytes(16 * MEGABYTE);
    await on({ opened: () => ({ out: data, action: Action.Close }) }, async (address) => {
      const socket = await dial(address);
      socket.pause();
      await sleep(100);
      assert.ok((await receiveAll(socket)).equals(data));
    });
  });

  it("output given for a wake goes out after output that is waiting", async () => {
    const data = randomBytes(8 * MEGABYTE);
    let conn: Conn | undefined;
    const events: Events = {
      opened(given) {
        conn = given;
        return data;
      },
      data: (_conn, input) => (input.length === 0 ? "woken" : null),
    };
    await on(events, async (address) => {
      const socket = await dial(address);
      await until(() => conn !== undefined && conn.buffered > 0, "output waits");
      for (let i = 0; i < 3; i++) assert.equal(conn?.wake(), true);
      await sleep(50);
      const all = await receive(socket, data.length + 15);
      assert.ok(all.subarray(0, data.length).equals(data));
      assert.equal(all.subarray(data.length).toString(), "wokenwokenwoken");
      socket.destroy();
    });
  });

  it("each wake is one call of data with empty input; a wake after the end is false", async () => {
    const conns: Conn[] = [];
    let wakes = 0;
    const events: Events = {
      opened: (conn) => void conns.push(conn),
      data: (_conn, input) => void (wakes += input.length === 0 ? 1 : 0),
    };
    await on(events, async (address) => {
      const socket = await dial(address);
      await until(() => conns.length === 1, "opened");
      for (let i = 0; i < 1000; i++) assert.equal(conns[0]?.wake(), true);
      await until(() => wakes === 1000, "all wakes were served");
      socket.destroy();
      await until(() => conns[0]?.wake() === false, "the wake of a closed connection fails");
      // Its place is taken by another connection, which must not be woken by the old one's name.
      const next = await dial(address);
      await until(() => conns.length === 2, "opened");
      const before = wakes;
      assert.equal(conns[0]?.wake(), false);
      await sleep(30);
      assert.equal(wakes, before);
      next.destroy();
    });
  });

  it("Close ends a connection whose peer reads nothing", async () => {
    let closed = 0;
    const events: Events = {
      lingerMs: 200,
      opened: () => ({ out: Buffer.alloc(16 * MEGABYTE), action: Action.Close }),
      closed: (_conn, error) => void (closed += error === null ? 1 : 100),
    };
    await on(events, async (address) => {
      const socket = await dial(address);
      socket.pause();
      const started = performance.now();
      await until(() => closed === 1, "closed", 20_000);
      assert.ok(performance.now() - started < 20_000);
      socket.destroy();
    });
    assert.equal(closed, 1);
  });

  it("Close without output takes effect while nothing can be written", async () => {
    let conn: Conn | undefined;
    let closed = 0;
    const events: Events = {
      lingerMs: 100,
      opened(given) {
        conn = given;
        return Buffer.alloc(16 * MEGABYTE);
      },
      data: () => Action.Close,
      closed: () => void closed++,
    };
    await on(events, async (address) => {
      const socket = await dial(address);
      socket.pause();
      await until(() => (conn?.buffered ?? 0) > 0, "output waits");
      conn?.wake();
      await until(() => closed === 1, "closed", 20_000);
      socket.destroy();
    });
  });

  it("a connection that always has input does not starve the others", async () => {
    await on(
      { opened: () => ({ reuseInputBuffer: true }), data: (_conn, input) => (input.length < 10 ? input : null) },
      async (address) => {
        const flood = await dial(address);
        const chunk = Buffer.alloc(MEGABYTE);
        const push = (): void => {
          while (!flood.destroyed && flood.write(chunk));
        };
        flood.on("drain", push);
        push();
        const socket = await dial(address);
        for (let i = 0; i < 20; i++) {
          socket.write("ping");
          const started = performance.now();
          assert.equal((await receive(socket, 4)).toString(), "ping");
          assert.ok(performance.now() - started < 10_000, "the answer comes soon");
        }
        flood.destroy();
        socket.destroy();
      },
    );
  });

  it("a half-closed peer gets its answer and closes once, without an error", async () => {
    const ends: (Error | null)[] = [];
    const events: Events = { data: (_conn, input) => input, closed: (_conn, error) => void ends.push(error) };
    await on(events, async (address) => {
      const socket = await dial(address, { allowHalfOpen: true });
      const data = randomBytes(3 * MEGABYTE);
      socket.end(data);
      assert.ok((await receiveAll(socket)).equals(data));
      await until(() => ends.length > 0, "closed");
      await sleep(20);
      assert.deepEqual(ends, [null]);
    });
  });

  it("a reset peer closes once, with ECONNRESET", async () => {
    const ends: (Error | null)[] = [];
    let opened = 0;
    const events: Events = { opened: () => void opened++, closed: (_conn, error) => void ends.push(error) };
    await on(events, async (address) => {
      const socket = await dial(address);
      await until(() => opened === 1, "opened");
      if (typeof socket.resetAndDestroy !== "function") return;
      socket.resetAndDestroy();
      await until(() => ends.length > 0, "closed");
      await sleep(20);
      assert.equal(ends.length, 1);
      assert.equal(codeOf(ends[0] ?? null), "ECONNRESET");
    });
  });

  it("input is left in the system while more output waits than the high-water mark", async () => {
    let most = 0;
    const events: Events = {
      highWaterMark: MEGABYTE,
      data: (conn, input) => {
        most = Math.max(most, conn.buffered);
        return Buffer.concat([input, input]);
      },
    };
    await on(events, async (address) => {
      const socket = await dial(address);
      socket.pause();
      const data = randomBytes(40 * MEGABYTE);
      socket.write(data);
      await sleep(300);
      assert.ok(most <= MEGABYTE + 4 * 65536, `${most} bytes waited`);
      assert.ok(socket.writableLength > 0, "the peer has to wait too");
      assert.equal((await receive(socket, 2 * data.length)).length, 2 * data.length);
      socket.destroy();
    });
  });

  it("an idle connection is closed with ETIMEDOUT, a busy one is not", async () => {
    const ends: string[] = [];
    const events: Events = {
      idleTimeoutMs: 1500,
      data: (_conn, input) => input,
      closed: (_conn, error) => void ends.push(codeOf(error)),
    };
    await on(events, async (address) => {
      const [idle, busy] = [await dial(address), await dial(address)];
      const done = receiveAll(idle);
      for (let i = 0; i < 40; i++) {
        busy.write("x");
        await receive(busy, 1);
        await sleep(50);
      }
      await done;
      assert.deepEqual(ends, ["ETIMEDOUT"]);
      busy.destroy();
    });
  });

  it("a detached connection is a stream, after the output that was waiting", async () => {
    const data = randomBytes(4 * MEGABYTE);
    let stream: Duplex | undefined;
    let closed = 0;
    const events: Events = {
      data: () => ({ out: data, action: Action.Detach }),
      detached(_conn, given) {
        stream = given;
        given.write("detached");
        given.pipe(given);
      },
      closed: () => void closed++,
    };
    await on(events, async (address) => {
      const socket = await dial(address, { allowHalfOpen: true });
      socket.write("x");
      const all = await receive(socket, data.length + 8);
      assert.ok(all.subarray(0, data.length).equals(data));
      assert.equal(all.subarray(data.length).toString(), "detached");
      const more = randomBytes(2 * MEGABYTE);
      socket.end(more);
      assert.ok((await receiveAll(socket)).equals(more));
      await until(() => stream?.destroyed === true, "the stream has closed");
      assert.equal(closed, 0);
    });
  });

  it("a detached connection outlives its server", async () => {
    const server = await serve(
      { poller, opened: () => ({ action: Action.Detach }), detached: (_conn, stream) => void stream.pipe(stream) },
      TCP,
    );
    const socket = await dial(server.addrs[0] as string);
    socket.write("before");
    await receive(socket, 6);
    await server.close();
    socket.write("after");
    assert.equal((await receive(socket, 5)).toString(), "after");
    socket.destroy();
  });

  it("a detached stream whose ends are both done is no failure, though nobody has read its end", async () => {
    const errors: unknown[] = [];
    const events: Events = {
      opened: () => Action.Detach,
      detached(_conn, stream) {
        stream.on("error", (error) => errors.push(error));
        stream.end("bye");
      },
    };
    await on(events, async (address) => {
      assert.equal((await receiveAll(await dial(address))).toString(), "bye");
      await sleep(20);
    });
    assert.deepEqual(errors, []);
  });

  it("Shutdown from any event ends the server, and closed comes for every connection", async () => {
    for (const where of ["opened", "data", "closed", "detached", "tick"] as const) {
      let [opened, closed] = [0, 0];
      const shut = { action: Action.Shutdown };
      const events: Events = {
        poller,
        opened: () => (++opened === 3 && where === "opened" ? shut : undefined),
        data: () => (where === "data" ? shut : where === "detached" ? Action.Detach : Action.Close),
        closed: () => (++closed === 1 && where === "closed" ? shut : undefined),
        detached(_conn, stream) {
          closed++;
          stream.destroy();
          return shut;
        },
        tick: () => (where === "tick" && opened === 3 ? shut : 10),
      };
      const server = await serve(events, TCP);
      const sockets = await Promise.all([1, 2, 3].map(() => dial(server.addrs[0] as string)));
      await until(() => opened === 3 || closed > 0, "all are open");
      sockets[0]?.write("x");
      await server.closed;
      assert.equal(closed, opened, where);
      for (const socket of sockets) socket.destroy();
    }
  });

  it("serving may shut the server down before it accepts", async () => {
    let addrs: readonly string[] = [];
    const server = await serve(
      {
        poller,
        serving(given) {
          ({ addrs } = given);
          return Action.Shutdown;
        },
      },
      TCP,
    );
    await server.closed;
    assert.match(addrs[0] ?? "", /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
    await assert.rejects(dial(addrs[0] as string));
  });

  it("a connection is written to outside of handlers, as fast as its peer reads, and closed", async () => {
    const conns: Conn[] = [];
    const seen: string[] = [];
    const events: Events = {
      highWaterMark: MEGABYTE,
      opened: (conn) => void conns.push(conn),
      data(conn) {
        // In a handler too, where the close waits for it to return.
        assert.equal(conn.close(), true);
        assert.equal(conn.close(), false);
        seen.push("data");
        return "last";
      },
      closed: (_conn, error) => void seen.push(codeOf(error)),
    };
    await on(events, async (address) => {
      const socket = await dial(address);
      socket.pause();
      await until(() => conns.length === 1, "opened");
      const [conn] = conns as [Conn];
      const data = randomBytes(32 * MEGABYTE);
      let written = 0;
      const writing = (async () => {
        for (; written < data.length; written += 65536) {
          if (!(await conn.write(data.subarray(written, written + 65536)))) return;
        }
      })();
      await until(() => conn.buffered > MEGABYTE, "its output waits");
      await sleep(50);
      assert.ok(conn.buffered < 2 * MEGABYTE && written < data.length, `${conn.buffered} bytes wait`);
      assert.ok((await receive(socket, data.length)).equals(data));
      await writing;
      socket.write("x");
      assert.equal((await receiveAll(socket)).toString(), "last");
      await until(() => seen.length === 2, "closed");
      assert.deepEqual(seen, ["data", "none"]);
      assert.equal(await conn.write("x"), false);
      assert.equal(conn.close(), false);
      // Who waits for a peer that goes hears of it.
      const other = await dial(address);
      other.pause();
      await until(() => conns.length === 2, "opened");
      const waiting = conns[1]?.write(data);
      other.resetAndDestroy();
      assert.equal(await waiting, false);
    });
  });

  it("tick comes at once and then after each delay", async () => {
    let count = 0;
    const started = performance.now();
    const server = await serve(
      { poller, tick: () => (count++ === 25 ? Action.Shutdown : count % 2 === 0 ? 10 : { delay: 10 }) },
      TCP,
    );
    await server.closed;
    const took = performance.now() - started;
    assert.ok(took >= 240 && took < 20_000, `${took} ms`);
  });

  it("preWrite comes before output, and output may be text or bytes", async () => {
    let [writes, calls] = [0, 0];
    const outs = ["text é", Buffer.from("bytes"), new Uint8Array([33]), { out: "object" }, "", null, undefined, {}];
    const events: Events = {
      preWrite: () => void writes++,
      data(_conn, input) {
        calls++;
        return outs[input[0] ?? 0];
      },
    };
    await on(events, async (address) => {
      const socket = await dial(address);
      for (let i = 0; i < outs.length; i++) {
        socket.write(Buffer.from([i]));
        await until(() => calls === i + 1, "the byte has come, alone");
      }
      assert.equal((await receive(socket, 19)).toString(), "text ébytes!object");
      assert.equal(writes, 4);
      socket.destroy();
    });
  });

  it("the input is the reader's own, or the loop's buffer if that is asked for", async () => {
    for (const reuseInputBuffer of [true, false]) {
      const inputs: Uint8Array[] = [];
      await on(
        { opened: () => ({ reuseInputBuffer }), data: (_conn, input) => (inputs.push(input), "k") },
        async (address) => {
          const socket = await dial(address);
          for (const text of ["packet1", "packet2"]) {
            socket.write(text);
            await receive(socket, 1);
          }
          assert.equal(Buffer.from(inputs[0] as Uint8Array).toString(), reuseInputBuffer ? "packet2" : "packet1");
          assert.equal(Buffer.from(inputs[1] as Uint8Array).toString(), "packet2");
          socket.destroy();
        },
      );
    }
  });

  it("a handler that throws closes its connection, the others are served", async () => {
    const told: string[] = [];
    const ends: string[] = [];
    const events: Events = {
      data(_conn, input) {
        if (input[0] === 33) throw new Error("bad input");
        if (input[0] === 63) return Promise.resolve("later") as never;
        if (input[0] === 35) return 42 as never;
        return input;
      },
      closed: (_conn, error) => void ends.push(error?.message ?? "none"),
      error: (error) => void told.push(error.message),
    };
    await on(events, async (address) => {
      const good = await dial(address);
      for (const text of ["!", "?", "#"]) {
        const bad = await dial(address);
        bad.write(text);
        assert.equal((await receiveAll(bad)).length, 0);
      }
      good.write("x");
      await receive(good, 1);
      assert.equal(told[0], "bad input");
      assert.match(told[1] ?? "", /promise/);
      assert.match(told[2] ?? "", /no action 42/);
      assert.deepEqual(ends, told);
      good.destroy();
    });
  });

  it("several addresses are served, each with its index", async () => {
    const path = socketPath();
    const events: Events = {
      poller,
      opened: (conn) => `${conn.addrIndex} ${conn.localAddr} ${conn.remoteAddr === "" ? "" : "from"}\n`,
    };
    await withServer(
      events,
      [TCP, `unix://${path}?reuseport=true`, "tcp6://[::1]:0", "tcp4://localhost:0"],
      async ({ addrs }) => {
        for (const [i, address] of addrs.entries()) {
          const socket = await dial(address);
          const expected = `${i} ${address.replace(/^tcp[46]:/, (network) => network)} from\n`;
          assert.equal((await receive(socket, expected.length)).toString(), expected);
          socket.destroy();
        }
      },
    );
  });

  it("datagrams come to data, and its output goes back to where they came from", async () => {
    const seen: string[] = [];
    const events: Events = {
      poller,
      data(conn, input) {
        seen.push(conn.remoteAddr);
        assert.equal(conn.wake(), false);
        return input;
      },
    };
    await withServer(events, ["udp://127.0.0.1:0", "udp6://[::1]:0"], async ({ addrs }) => {
      for (const [i, type] of (["udp4", "udp6"] as const).entries()) {
        const port = Number(addrs[i]?.split(":").pop());
        const socket = createSocket(type);
        const answers: string[] = [];
        socket.on("message", (message) => answers.push(message.toString()));
        for (let n = 0; n < 5; n++) socket.send(`datagram ${n}`, port, type === "udp4" ? "127.0.0.1" : "::1");
        await until(() => answers.length === 5, "all came back");
        assert.deepEqual(
          answers.sort(),
          [0, 1, 2, 3, 4].map((n) => `datagram ${n}`),
        );
        assert.match(seen.at(-1) ?? "", type === "udp4" ? /^udp:\/\/127\.0\.0\.1:\d+$/ : /^udp6:\/\/\[::1\]:\d+$/);
        socket.close();
      }
    });
  });

  it("a datagram is answered later, and sent elsewhere", async () => {
    for (const host of ["127.0.0.1", "[::]"]) {
      const events: Events = {
        poller,
        data(conn, input) {
          conn.sendTo("to another", `udp://127.0.0.1:${input.toString()}`);
          assert.throws(() => conn.sendTo("x", "udp://localhost.invalid:1"), /not to a name/);
          assert.throws(() => conn.sendTo("x", "tcp://127.0.0.1:1"), /packets have an address/);
          setTimeout(() => void conn.write("later"), 5);
        },
      };
      await withServer(events, `udp://${host}:0`, async ({ addrs }) => {
        const [one, other] = [createSocket("udp4"), createSocket("udp4")];
        const heard: string[] = [];
        one.on("message", (message) => heard.push(`one: ${message.toString()}`));
        other.on("message", (message) => heard.push(`other: ${message.toString()}`));
        await new Promise<void>((resolve) => other.bind(0, "127.0.0.1", resolve));
        one.send(String(other.address().port), Number(addrs[0]?.split(":").pop()), "127.0.0.1");
        await until(() => heard.length === 2, "both have heard");
        assert.deepEqual(heard.sort(), ["one: later", "other: to another"]);
        one.close();
        other.close();
      });
    }
  });

  it("the answer to the datagram that shuts the server down goes out", async () => {
    const server = await serve({ poller, data: () => ({ out: "bye", action: Action.Shutdown }) }, "udp://127.0.0.1:0");
    const socket = createSocket("udp4");
    const answers: string[] = [];
    socket.on("message", (message) => answers.push(message.toString()));
    socket.send("stop", Number(server.addrs[0]?.split(":").pop()), "127.0.0.1");
    await server.closed;
    await until(() => answers.length === 1, "the answer came");
    assert.deepEqual(answers, ["bye"]);
    socket.close();
  });

  it("close ends all connections and can be called again", async () => {
    let closed = 0;
    const server = await serve({ poller, opened: () => "hello", closed: () => void closed++ }, TCP);
    const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(server.addrs[0] as string)));
    for (const socket of sockets) await receive(socket, 5);
    assert.equal(server.stats().connections, 20);
    await Promise.all([server.close(), server.close()]);
    await server.close();
    assert.equal(closed, 20);
    assert.equal(server.stats().connections, 0);
    for (const socket of sockets) socket.destroy();
  });
}
