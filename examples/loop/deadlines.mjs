// An event loop, its tasks, and what becomes of those that take too long. Each station answers after a while; the
// report waits for all of them, but for no one longer than it allows.
//
//     node examples/loop/deadlines.mjs 100            milliseconds for each station (100 unless told)

import { run, TimeoutError } from "skein";

const limit = Number(process.argv[2] ?? 100);
const stations = { harbour: 20, airport: 60, lighthouse: 10_000, summit: 40 };

function* ask(loop, name, takes) {
  try {
    yield loop.sleep(takes);
    return `${name}: ${takes / 10} °C`;
  } finally {
    // Whatever happens: cancelling a task throws into it where it waits.
    console.log(`hung up on ${name}`);
  }
}

const report = await run(async (loop) => {
  const calls = Object.entries(stations).map(([name, takes]) => loop.waitFor(ask(loop, name, takes), limit));
  return loop.gather(calls, { returnExceptions: true });
});

Object.keys(stations).forEach((name, i) => {
  console.log(report[i] instanceof TimeoutError ? `${name}: no answer within ${limit} ms` : report[i]);
});
