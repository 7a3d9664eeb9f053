import assert from "node:assert/strict";
import { after as afterAll, before, describe, it } from "node:test";
import { after, type Chan, recv, type Runtime, send, start } from "../../host/index.js";

let rt: Runtime;
before(async () => {
  rt = await start({ procs: 3 });
});
afterAll(() => rt.close());

/** Receives until the end, giving up every so often; what it got. */
async function takeUneasily(ch: Chan<number>): Promise<number[]> {
  const got: number[] = [];
  for (let turn = 0; ; turn++) {
    const controller = new AbortController();
    const received = ch.recv({ signal: controller.signal });
    if (turn % 3 === 0) queueMicrotask(() => controller.abort());
    if (turn % 7 === 0) setImmediate(() => controller.abort());
    try {
      const { value, ok } = await received;
      if (!ok) return got;
      got.push(value);
    } catch (error) {
      if ((error as Error).name !== "AbortError") throw error;
    }
  }
}

describe("under stress", () => {
  for (const capacity of [0, 1, 50]) {
    it(`waits that are given up lose and double nothing, capacity ${capacity}`, async () => {
      const ch = rt.chan<number>(capacity);
      const senders = Array.from({ length: 4 }, (_, i) =>
        rt.go(
          async (ch, from) => {
            let sent = 0;
            for (let n = from; n < from + 1000;) {
              const controller = new AbortController();
              if (n % 5 === 0 && sent++ % 2 === 0) setImmediate(() => controller.abort());
              try {
                await ch.send(n, { signal: controller.signal });
                n++;
              } catch (error) {
                if ((error as Error).name !== "AbortError") throw error;
              }
            }
          },
          ch,
          i * 1000,
        ),
      );
      const here = [takeUneasily(ch), takeUneasily(ch)];
      const there = [0, 1].map(() =>
        rt.go(async (ch) => {
          const got: number[] = [];
          for await (const n of ch) got.push(n);
          return got;
        }, ch),
      );
      await Promise.all(senders);
      ch.close();
      const got = (await Promise.all([...here, ...there])).flat().sort((a, b) => a - b);
      assert.deepEqual(
        got,
        Array.from({ length: 4000 }, (_, i) => i),
      );
    });
  }

  it("selects on crossing channels lose and double nothing", async () => {
    const channels = [rt.chan<number>(), rt.chan<number>(1), rt.chan<number>(10)];
    const count = 1500;
    const senders = channels.map((ch, i) =>
      rt.go(
        async (ch, from, count) => {
          for (let n = from; n < from + count; n++) await ch.send(n);
        },
        ch,
        i * count,
        count,
      ),
    );
    const got: number[] = [];
    let timeouts = 0;
    const select = async (): Promise<void> => {
      while (got.length < channels.length * count) {
        const { index, value } = await rt.select([...channels.map((ch) => recv(ch)), after(5)]);
        if (index < channels.length) got.push(value as number);
        else timeouts++;
      }
    };
    await Promise.all([select(), select(), select()]);
    await Promise.all(senders);
    assert.deepEqual(
      got.sort((a, b) => a - b),
      Array.from({ length: channels.length * count }, (_, i) => i),
    );
    assert.ok(timeouts >= 0);
  });

  it("two that select to send and to receive on the same channels serve each other", async () => {
    const a = rt.chan<number>();
    const b = rt.chan<number>();
    const side = async (rounds: number): Promise<[number, number]> => {
      let [sent, received] = [0, 0];
      for (let i = 0; i < rounds; i++) {
        const { index } = await rt.select([send(a, 1), send(b, 1), recv(a), recv(b)]);
        if (index < 2) sent++;
        else received++;
      }
      return [sent, received];
    };
    const [[s1, r1], [s2, r2]] = await Promise.all([side(1000), side(1000)]);
    assert.equal(s1 + s2, r1 + r2);
  });

  it("values left in channels that nobody has any more take no memory for good", async () => {
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 20_000; i++) {
        rt.chan<Uint8Array>(2).trySend(new Uint8Array(4000));
        if (i % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await fill();
    const first = rt.stats().heapBytes;
    await fill();
    await fill();
    assert.ok(rt.stats().heapBytes < Math.max(first * 2, 200e6), `${first} and then ${rt.stats().heapBytes} bytes`);
  });
});
