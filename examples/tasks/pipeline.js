#!/usr/bin/env node
/**
 * A pipeline with back-pressure: a reader sends the lines of a log, several parsers on other threads turn them into records,
 * and a slow writer takes those. The channels between them hold a few values each, so that the reader is never far ahead,
 * however long the log.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import { start } from "skein";

const HELP = `Usage: pipeline.js [--lines N] [--parsers N] [--capacity N] [--procs N]

Sends N made-up lines of a log (default 2000) through some parsers (4) to a writer, over channels of some capacity (16).`;

/** A task: the lines, one by one. Where the channel is full, it waits. */
export function read(lines, count) {
  const paths = ["/", "/about", "/search", "/cart"];
  for (let i = 0; i < count; i++) {
    lines.sendSync(`10.0.0.${i % 250} GET ${paths[i % 4]} ${i % 7 === 0 ? 404 : 200} ${(i * 37) % 900}`);
  }
  lines.close();
}

/** A task: parses lines until there are no more. Any number may do so at once. */
export function parse(lines, records, parsers) {
  for (;;) {
    const { value: line, ok } = lines.recvSync();
    if (!ok) break;
    const [host, method, path, status, ms] = line.split(" ");
    records.sendSync({ host, method, path, status: Number(status), ms: Number(ms) });
  }
  parsers.done();
}

async function main() {
  const number = (fallback) => ({ type: "string", default: String(fallback) });
  const [procs, help] = [{ type: "string" }, { type: "boolean" }];
  const options = { lines: number(2000), parsers: number(4), capacity: number(16), procs, help };
  const { values } = parseArgs({ options });
  if (values.help) return console.log(HELP);
  const [count, parserCount, capacity] = [values.lines, values.parsers, values.capacity].map(Number);
  const rt = await start({ procs: values.procs && Number(values.procs) });
  const { read, parse } = rt.tasks(import.meta.url);

  const lines = rt.chan(capacity);
  const records = rt.chan(capacity);
  const parsers = rt.waitGroup();
  parsers.add(parserCount);
  const running = [rt.go(read, lines, count)];
  for (let i = 0; i < parserCount; i++) running.push(rt.go(parse, lines, records, parsers));
  const closed = parsers.wait().then(() => records.close());

  // The writer: slow, on this thread.
  const pages = new Map();
  let [written, fullest] = [0, 0];
  for await (const { path, status, ms } of records) {
    const page = pages.get(path) ?? { requests: 0, missing: 0, ms: 0 };
    pages.set(path, page);
    page.requests++;
    page.missing += status === 404 ? 1 : 0;
    page.ms += ms;
    fullest = Math.max(fullest, lines.length + records.length);
    if (++written % 100 === 0) await sleep(1);
  }
  await Promise.all([...running, closed]);
  await rt.close();
  for (const [path, { requests, missing, ms }] of [...pages].sort()) {
    console.log(`${path.padEnd(8)} ${requests} requests, ${missing} missing, ${(ms / requests).toFixed(0)} ms`);
  }
  console.log(`${written} records; never more than ${fullest} values between reader and writer`);
}

const fail = ({ message }) => (console.error(`pipeline: ${message}`), process.exit(1));
if (isMainThread) main().catch(fail);
