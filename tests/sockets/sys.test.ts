/** System calls: results, errors, the bounds of the buffer, threads. Skipped where this runtime offers no way to call C. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import * as c from "../../host/sockets/constants.js";
import { decodeSockaddr, encodeSockaddr, EPOLL_EVENT_DATA, EPOLL_EVENT_SIZE } from "../../host/sockets/sockaddr.js";
import { loadSys, NULL, type Sys } from "../../host/sockets/sys.js";

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const bytes = new Uint8Array(memory.buffer);
const view = new DataView(memory.buffer);
const loaded = loadSys(memory);
const options = { skip: typeof loaded === "string" ? loaded : false };
const sys = loaded as Sys;

const STREAM = c.SOCK_STREAM | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC;
const ADDRESS = 0;
const LENGTH = 128;
const EVENTS = 256;
const DATA = 1024;

function ok(result: number): number {
  assert.ok(result >= 0, `${c.errnoName(result)}: ${c.errnoText(result)}`);
  return result;
}

function nameOf(fd: number): ReturnType<typeof decodeSockaddr> {
  view.setUint32(LENGTH, 112, true);
  ok(sys.getsockname(fd, ADDRESS, LENGTH));
  return decodeSockaddr(bytes, ADDRESS, view.getUint32(LENGTH, true));
}

test("a connection over loopback carries bytes through linear memory, and epoll reports it", options, () => {
  const listener = ok(sys.socket(c.AF_INET, STREAM, 0));
  ok(sys.bind(listener, ADDRESS, encodeSockaddr({ family: "ipv4", host: "127.0.0.1", port: 0 }, bytes, ADDRESS)));
  ok(sys.listen(listener, c.SOMAXCONN));
  const address = nameOf(listener);
  assert.ok(address?.family === "ipv4" && address.port > 0);

  const epoll = ok(sys.epollCreate1(c.EPOLL_CLOEXEC));
  view.setUint32(EVENTS, c.EPOLLIN, true);
  view.setUint32(EVENTS + EPOLL_EVENT_DATA, 77, true);
  ok(sys.epollCtl(epoll, c.EPOLL_CTL_ADD, listener, EVENTS));
  assert.equal(sys.epollWait(epoll, EVENTS, 8, 0), 0);

  const client = ok(sys.socket(c.AF_INET, STREAM, 0));
  assert.equal(sys.connect(client, ADDRESS, encodeSockaddr(address, bytes, ADDRESS)), -c.EINPROGRESS);
  assert.equal(sys.epollWait(epoll, EVENTS, 8, 1000), 1);
  assert.equal(view.getUint32(EVENTS, true), c.EPOLLIN);
  assert.equal(view.getUint32(EVENTS + EPOLL_EVENT_DATA, true), 77);

  view.setUint32(LENGTH, 112, true);
  const server = ok(sys.accept4(listener, ADDRESS, LENGTH, c.SOCK_NONBLOCK | c.SOCK_CLOEXEC));
  assert.deepEqual(decodeSockaddr(bytes, ADDRESS, view.getUint32(LENGTH, true)), nameOf(client));
  assert.equal(sys.accept4(listener, NULL, NULL, 0), -c.EAGAIN);
  assert.equal(sys.read(server, DATA, 10), -c.EAGAIN);
  bytes.set([1, 2, 3, 4, 5], DATA);
  assert.equal(sys.write(client, DATA, 5), 5);
  assert.equal(sys.read(server, DATA + 100, 50), 5);
  assert.deepEqual([...bytes.subarray(DATA + 100, DATA + 105)], [1, 2, 3, 4, 5]);
  ok(sys.shutdown(client, c.SHUT_WR));
  assert.equal(sys.read(server, DATA, 50), 0);
  for (const fd of [server, client, listener, epoll]) assert.equal(sys.close(fd), 0);
  assert.equal(sys.close(epoll), -c.EBADF);
});

test("what lies outside of the buffer is EFAULT before any call is made", options, () => {
  const size = bytes.length;
  const bad: [number, number][] = [
    [size, 1],
    [size - 3, 4],
    [-2, 1],
    [0, size + 1],
    [0, -1],
    [NaN, 1],
    [0, NaN],
    [0.5, 1],
    [2 ** 53, 1],
    [0, Infinity],
    [NULL, 1],
  ];
  for (const [at, length] of bad) {
    const label = `${at}, ${length}`;
    assert.equal(sys.read(0, at, length), -c.EFAULT, label);
    assert.equal(sys.write(1, at, length), -c.EFAULT, label);
    assert.equal(sys.bind(0, at, length), -c.EFAULT, label);
    assert.equal(sys.setsockopt(0, 1, 2, at, length), -c.EFAULT, label);
    assert.equal(sys.recvfrom(0, at, length, 0, NULL, NULL), -c.EFAULT, label);
    assert.equal(sys.sendto(0, at, length, 0, NULL, 0), -c.EFAULT, label);
  }
  assert.equal(sys.epollWait(0, size - EPOLL_EVENT_SIZE, 2, 0), -c.EFAULT);
  assert.equal(sys.epollCtl(0, c.EPOLL_CTL_ADD, 0, size - EPOLL_EVENT_SIZE + 1), -c.EFAULT);
  view.setUint32(LENGTH, size, true);
  assert.equal(sys.getsockname(0, ADDRESS + 1, LENGTH), -c.EFAULT, "the space is longer than the buffer");
  view.setUint32(LENGTH, 0xffffffff, true);
  assert.equal(sys.accept4(0, ADDRESS, LENGTH, 0), -c.EFAULT);
  assert.equal(sys.accept4(0, ADDRESS, size - 2, 0), -c.EFAULT);
  assert.equal(sys.getsockopt(0, 1, 4, NULL, NULL), -c.EFAULT);
  assert.equal(sys.pipe2(size - 4, 0), -c.EFAULT);
  bytes.fill(65, size - 4);
  assert.equal(sys.unlink(size - 4), -c.EFAULT, "a path without an end");
});

test("an ArrayBuffer that was transferred away is not written to", options, () => {
  const buffer = new ArrayBuffer(4096);
  const other = loadSys(buffer) as Sys;
  const fd = ok(other.eventfd(5, c.EFD_NONBLOCK | c.EFD_CLOEXEC));
  assert.equal(other.read(fd, 8, 8), 8);
  assert.equal(new DataView(buffer).getUint32(8, true), 5);
  structuredClone(buffer, { transfer: [buffer] });
  assert.equal(other.read(fd, 8, 8), -c.EFAULT);
  ok(other.close(fd));
});

test("a memory that has grown is used whole", options, () => {
  for (const shared of [false, true]) {
    const growing = new WebAssembly.Memory({ initial: 1, maximum: 3, shared });
    const other = loadSys(growing) as Sys;
    const fd = ok(other.eventfd(9, c.EFD_NONBLOCK | c.EFD_CLOEXEC));
    assert.equal(other.read(fd, 65536, 8), -c.EFAULT);
    growing.grow(1);
    assert.equal(other.read(fd, 65536, 8), 8);
    assert.equal(new DataView(growing.buffer).getUint32(65536, true), 9);
    ok(other.close(fd));
  }
});

test("an error is that of the call, whatever else happens", options, () => {
  for (let i = 0; i < 20_000; i++) {
    assert.equal(sys.read(-1, DATA, 1), -c.EBADF);
    if (i % 100 === 0) new Uint8Array(1 << 20).fill(1);
    if (i % 1000 === 0) assert.equal(sys.socket(-1, 1, 0), -97);
  }
});

test("an eventfd written in one thread ends the wait of another", options, async () => {
  const shared = new SharedArrayBuffer(4096);
  const mine = loadSys(shared) as Sys;
  const words = new Int32Array(shared);
  const event = ok(mine.eventfd(0, c.EFD_NONBLOCK | c.EFD_CLOEXEC));
  const epoll = ok(mine.epollCreate1(c.EPOLL_CLOEXEC));
  new DataView(shared).setUint32(EVENTS, c.EPOLLIN, true);
  ok(mine.epollCtl(epoll, c.EPOLL_CTL_ADD, event, EVENTS));
  const module = new URL("../../dist/sockets/sys.js", import.meta.url);
  const url = import.meta.url.includes("dist-test") ? new URL("../../../dist/sockets/sys.js", import.meta.url) : module;
  const script = `
    import { workerData } from "node:worker_threads";
    const { loadSys } = await import(workerData.url);
    const sys = loadSys(workerData.shared);
    const words = new Int32Array(workerData.shared);
    Atomics.store(words, 500, 1);
    Atomics.notify(words, 500);
    Atomics.store(words, 501, sys.epollWait(workerData.epoll, 512, 4, 10_000));
    Atomics.store(words, 502, sys.read(-1, 600, 1));
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
    workerData: { url: url.href, shared, epoll },
  });
  const ended = new Promise((resolve, reject) => {
    worker.on("exit", resolve);
    worker.on("error", reject);
  });
  while (Atomics.load(words, 500) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const started = performance.now();
  new DataView(shared).setBigUint64(DATA, 1n, true);
  assert.equal(mine.write(event, DATA, 8), 8);
  await ended;
  assert.equal(words[501], 1);
  assert.equal(words[502], -c.EBADF);
  assert.ok(performance.now() - started < 5000);
  for (const fd of [event, epoll]) ok(mine.close(fd));
});

test("the event loop watches a descriptor where the way to call C lets it", options, async (t) => {
  if (sys.watch === undefined) return t.skip(`${sys.via} cannot`);
  const event = ok(sys.eventfd(0, c.EFD_NONBLOCK | c.EFD_CLOEXEC));
  let calls = 0;
  const ready = new Promise<void>((resolve) => {
    const watch = sys.watch?.(event, () => {
      calls++;
      assert.equal(sys.read(event, DATA, 8), 8);
      void watch?.close();
      resolve();
    });
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(calls, 0);
  view.setBigUint64(DATA, 3n, true);
  ok(sys.write(event, DATA, 8));
  await ready;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(calls, 1);
  ok(sys.close(event));
});

test("the way that is used is one of those that this runtime has", () => {
  if (typeof loaded === "string") assert.notEqual(loaded, "");
  else assert.equal(loaded.via === "Deno.dlopen", "deno" in process.versions);
});
