import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { after as afterMs, recv, send } from "../../host/index.js";
import { delay } from "../go/fixtures.js";
import { Bed } from "./fixtures.js";
import { noServer } from "./server.js";

describe("channels of a cluster", { skip: noServer, timeout: 60_000 }, () => {
  let bed: Bed;
  before(async () => {
    bed = await Bed.start();
  });
  after(() => bed.end());

  it("give several receivers each value once, in order, until they are closed and drained", () =>
    bed.cluster(async (part) => {
      const [one, two, three] = [await part.join(), await part.join(), await part.join()];
      const jobs = await one.chan<{ n: number }>("jobs", { capacity: 100 });
      const all: number[][] = await Promise.all([
        ...[two, three].map(async (cluster) => {
          const mine: number[] = [];
          for await (const { n } of await cluster.chan<{ n: number }>("jobs", { capacity: 100 })) mine.push(n);
          return mine;
        }),
        (async () => {
          for (let n = 0; n < 200; n++) await jobs.send({ n });
          await jobs.close();
          return [];
        })(),
      ]);
      for (const mine of all)
        assert.deepEqual(
          mine,
          [...mine].sort((a, b) => a - b),
        );
      assert.deepEqual(
        all.flat().sort((a, b) => a - b),
        Array.from({ length: 200 }, (_, n) => n),
      );
      assert.deepEqual({ ...(await jobs.recv()) }.ok, false);
      await assert.rejects(jobs.send({ n: 1 }), { name: "ChanError", message: "send on closed channel" });
      await assert.rejects(jobs.close(), { name: "ChanError", message: "close of closed channel" });
    }));

  it("hold a send back until there is room, which an answer makes", () =>
    bed.cluster(async (part) => {
      const [sender, receiver] = [await part.join(), await part.join()];
      const out = await sender.chan<number>("c", { capacity: 2 });
      const into = await receiver.chan<number>("c", { capacity: 2 });
      await out.send(1);
      await out.send(2);
      let isSent = false;
      const third = out.send(3).then(() => (isSent = true));
      const { value, ok, ack } = await into.recv();
      assert.deepEqual([value, ok], [1, true]);
      await delay(700);
      assert.equal(isSent, false);
      ack();
      await third;
      await assert.rejects(out.send(4, { signal: AbortSignal.timeout(200) }), { name: "TimeoutError" });
      await assert.rejects(sender.chan("c", { capacity: 5 }), /exists with other settings: its max_msgs is 2/);
      // One process that sends to itself is not kept waiting by what it has received.
      assert.equal((await into.recv()).value, 2);
      await into.send(5);
      assert.equal(await out.length(), 2);
    }));

  it("give again what was not acknowledged: after nak, and when its receiver is gone", () =>
    bed.cluster(
      async (part) => {
        const [sender, first] = [await part.join(), await part.join()];
        const out = await sender.chan<string>("c");
        const into = await first.chan<string>("c");
        await out.send("a");
        const { value, nak } = await into.recv();
        nak();
        const again = await into.recv();
        assert.deepEqual([value, again.value], ["a", "a"]);
        void again.ack; // taken, so it is not acknowledged by itself
        await first.close();
        const other = await out.recv();
        assert.equal(other.value, "a");
        other.ack();
        await delay(50);
        assert.equal(await out.length(), 0);
        await assert.rejects(out.recv({ signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
        await out.send("b");
        assert.equal((await out.recv()).value, "b");
        await out.delete();
      },
      { ackWait: 1000 },
    ));

  it("stand beside local channels in a select, and go to goroutines", () =>
    bed.cluster(async (part) => {
      const cluster = await part.join();
      const { rt } = bed;
      const jobs = await cluster.chan<number>("jobs");
      const remote = jobs.local(rt);
      const local = rt.chan<number>(1);
      assert.equal((await rt.select([recv(remote), recv(local), afterMs(50)])).index, 2);
      await jobs.send(7);
      assert.deepEqual(await rt.select([recv(remote), recv(local)]), { index: 0, value: 7, ok: true });
      await rt.select([send(local, 8)]);
      assert.deepEqual(await rt.select([recv(remote), recv(local)]), { index: 1, value: 8, ok: true });
      for (const n of [1, 2, 3]) await jobs.send(n);
      await jobs.close();
      const sum = async (ch: typeof remote): Promise<number> => {
        let all = 0;
        for await (const n of ch) all += n;
        return all;
      };
      assert.equal(await rt.go(sum, remote), 6);
      assert.equal(await jobs.length(), 0);
    }));
});
