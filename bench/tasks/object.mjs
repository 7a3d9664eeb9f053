/** A nested object, 1 KB as JSON, to a task and back, one at a time. Args: trips, repetitions. */
import { args, check, finish, measure, peer, threads, timePer } from "./harness.mjs";

const [trips, repetitions] = args;
const { open } = await peer();
const pool = await open({ threads, task: "echo", inFlight: 1 });

const order = {
  id: 418_229,
  customer: {
    name: "Wilhelmina Ostrander",
    email: "w.ostrander@example.com",
    address: { street: "12 Rope Walk", city: "Harwich", postcode: "CO12 3QT", country: "GB" },
    tags: ["wholesale", "net-30", "priority"],
  },
  items: ["twine", "skein", "bobbin", "shuttle", "warp", "weft"].map((name, i) => ({
    sku: `YRN-${1000 + 37 * i}`,
    name,
    quantity: 3 * i + 1,
    price: 2.35 * (i + 1),
    options: { colour: i % 2 ? "indigo" : "madder", gift: i === 3 },
  })),
  totals: { net: 182.4, tax: 36.48, gross: 218.88, currency: "GBP" },
  placed: "2024-03-09T14:22:07.120Z",
  shipped: null,
};
const text = JSON.stringify(order);
check("size as JSON", Math.abs(text.length - 1024) < 64, true);

await measure("ns/op", repetitions, () =>
  timePer(trips, async () => {
    let back;
    for (let i = 0; i < trips; i++) {
      back = await pool.run(order);
      check("an item", back.items[5].name, "weft");
    }
    check("what came back", JSON.stringify(back), text);
  }),
);
await finish(pool);
