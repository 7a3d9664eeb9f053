#!/usr/bin/env node
/**
 * A pipeline over three processes: one sends the lines of a log, one turns them into records, one counts. The channels between them are
 * streams of the NATS server; each holds a few values, so that the first process is never far ahead of the last, however long the log.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "skein/remote";
import { inRole } from "./processes.js";

const HELP = `Usage: pipeline.js [--nats URL] [--lines N] [--capacity N]

Sends N made-up lines of a log (default 1000) from one process through another to a third, over channels of some capacity (64).`;

async function read(lines, count) {
  const paths = ["/", "/about", "/search", "/cart"];
  for (let i = 0; i < count; i++) await lines.send(`10.0.0.${i % 250} GET ${paths[i % 4]} ${i % 7 === 0 ? 404 : 200}`);
  await lines.close();
}

/** A line is acknowledged when the next is asked for: one whose record was not stored yet, another parser would get. */
async function parse(lines, records) {
  for await (const line of lines) {
    const [host, method, path, status] = line.split(" ");
    await records.send({ host, method, path, status: Number(status) });
  }
  await records.close();
}

async function count(records) {
  const pages = new Map();
  for await (const { path, status } of records) {
    const page = pages.get(path) ?? { requests: 0, missing: 0 };
    pages.set(path, page);
    page.requests++;
    page.missing += status === 404 ? 1 : 0;
  }
  for (const [path, { requests, missing }] of [...pages].sort())
    console.log(`${path.padEnd(8)} ${requests} requests, ${missing} missing`);
}

async function main() {
  const text = (fallback) => ({ type: "string", default: fallback });
  const options = { nats: text("nats://127.0.0.1:4222"), lines: text("1000"), capacity: text("64") };
  const run = text(String(process.pid)); // tells its channels from those of other runs
  const { values } = parseArgs({ options: { ...options, run, role: { type: "string" }, help: { type: "boolean" } } });
  if (values.help) return console.log(HELP);
  const { nats, role } = values;
  const cluster = await connect({ servers: nats, name: "pipeline" });
  const capacity = Number(values.capacity);
  const [lines, records] = await Promise.all(
    ["lines", "records"].map((name) => cluster.chan(`${name}-${values.run}`, { capacity })),
  );
  if (role === "read") await read(lines, Number(values.lines));
  else if (role === "parse") await parse(lines, records);
  else {
    const same = ["--nats", nats, "--lines", values.lines, "--capacity", values.capacity, "--run", values.run];
    const others = ["read", "parse"].map((each) => inRole(fileURLToPath(import.meta.url), each, ...same));
    await Promise.all([count(records), ...others]);
    await Promise.all([lines.delete(), records.delete()]);
  }
  await cluster.drain();
}

main().catch(({ message }) => (console.error(`pipeline: ${message}`), process.exit(1)));
