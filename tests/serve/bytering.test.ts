/** The ring through which a loop and the thread that has its sockets pass bytes. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createRing, Ring, type Sent } from "../../host/serve/bytering.js";

const MEGABYTE = 1 << 20;

test("what is sent is received, in order, round and round the ring", () => {
  const buffer = createRing();
  const [sender, receiver] = [new Ring(buffer), new Ring(buffer)];
  const data = randomBytes(MEGABYTE);
  const onItsWay: { sent: Sent; expected: Buffer }[] = [];
  let spans = 0;
  for (let i = 0; i < 300; i++) {
    const at = (i * 7919) % (MEGABYTE / 2);
    const expected = data.subarray(at, at + ((i * 104729) % (MEGABYTE / 4)));
    const sent = sender.send(expected);
    if (!(sent instanceof Uint8Array)) spans++;
    onItsWay.push({ sent, expected });
    while (onItsWay.length > i % 17) {
      const { sent, expected } = onItsWay.shift() as (typeof onItsWay)[number];
      assert.ok(receiver.receive(sent).equals(expected));
    }
  }
  assert.equal(spans, 300, "there was always room");
});

test("what finds no room goes in the message, and room comes back", () => {
  const buffer = createRing();
  const [sender, receiver] = [new Ring(buffer), new Ring(buffer)];
  const data = randomBytes(MEGABYTE);
  const expected = Buffer.from(data);
  const all = Array.from({ length: 6 }, () => sender.send(data));
  const inMessage = all.map((sent) => sent instanceof Uint8Array);
  assert.deepEqual(inMessage, [false, false, false, false, true, true]);
  data.fill(0);
  for (const sent of all) assert.ok(receiver.receive(sent).equals(expected), "the sender's buffer was its own again");
  assert.ok(!(sender.send(data) instanceof Uint8Array));
  assert.ok(sender.send(new Uint8Array(5 * MEGABYTE)) instanceof Uint8Array, "more than it ever holds");
});
