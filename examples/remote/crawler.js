#!/usr/bin/env node
/**
 * A crawler that is polite: several processes fetch pages, and together they begin no more requests a second than allowed. A channel of one
 * place hands out the permits, whichever process asks. The site is a server that this program starts itself.
 */
import { createServer } from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "skein/remote";
import { inRole } from "./processes.js";

const HELP = `Usage: crawler.js [--nats URL] [--pages N] [--rate N] [--crawlers N]

Visits all pages (default 60) of a site of its own with some processes (2), at no more than 50 requests a second (--rate).`;

/** Fetches pages until there are no more; of each it tells the links. */
async function crawl({ urls, permits, found }) {
  for await (const url of urls) {
    const permit = await permits.recv();
    permit.ack(); // so that there is room for the next
    const response = await fetch(url);
    const links = [...(await response.text()).matchAll(/href="([^"]+)"/g)].map(([, link]) => new URL(link, url).href);
    await found.send({ url, status: response.status, links, by: process.pid });
  }
}

/** A site whose page n links to 2n + 1 and 2n + 2, and home; it counts when requests came. */
function site(pages, requests) {
  const server = createServer(({ url }, response) => {
    requests.push(performance.now());
    const n = Number(url.slice(1));
    if (!(n < pages)) return response.writeHead(404).end("no such page");
    const links = [0, 2 * n + 1, 2 * n + 2].map((to) => `<a href="/${to}">${to}</a>`);
    response.setHeader("content-type", "text/html").end(links.join(" "));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Gives out permits until it is told to stop; one that nobody has taken yet is not followed by another. */
async function permit(permits, rate, stopped) {
  while (!stopped.aborted) {
    await permits.send(true, { signal: stopped }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
  }
}

async function lead({ urls, permits, found }, { pages, rate, crawlers, nats, run }) {
  const requests = [];
  const server = await site(Number(pages), requests);
  const stopped = new AbortController();
  const permitting = permit(permits, Number(rate), stopped.signal);
  const running = Array.from({ length: Number(crawlers) }, () =>
    inRole(fileURLToPath(import.meta.url), "crawl", "--nats", nats, "--run", run),
  );

  const seen = new Set([`http://127.0.0.1:${server.address().port}/0`]);
  const [statuses, processes] = [{}, new Set()];
  for (const url of seen) await urls.send(url);
  for (let visited = 0; visited < seen.size; visited++) {
    const { value: page } = await found.recv();
    statuses[page.status] = (statuses[page.status] ?? 0) + 1;
    processes.add(page.by);
    for (const link of page.links.filter((link) => !seen.has(link))) {
      seen.add(link);
      await urls.send(link);
    }
  }
  await urls.close();
  await Promise.all(running);
  stopped.abort();
  await permitting;
  server.close();
  const most = Math.max(...requests.map((from) => requests.filter((at) => at >= from && at < from + 1000).length));
  console.log(
    `${statuses[200]} pages and ${statuses[404] ?? 0} dead links by ${processes.size} processes; ` +
      `at most ${most} requests in a second`,
  );
}

async function main() {
  const text = (fallback) => ({ type: "string", default: fallback });
  const options = { nats: text("nats://127.0.0.1:4222"), pages: text("60"), rate: text("50"), crawlers: text("2") };
  const run = text(String(process.pid)); // tells its channels from those of other runs
  const { values } = parseArgs({ options: { ...options, run, role: { type: "string" }, help: { type: "boolean" } } });
  if (values.help) return console.log(HELP);
  const cluster = await connect({ servers: values.nats, name: "crawler" });
  const chan = (name, capacity) => cluster.chan(`${name}-${values.run}`, { capacity });
  const [urls, found, permits] = [await chan("urls", 10_000), await chan("found", 64), await chan("permits", 1)];
  if (values.role === "crawl") await crawl({ urls, permits, found });
  else {
    await lead({ urls, permits, found }, values);
    await Promise.all([urls.delete(), permits.delete(), found.delete()]);
  }
  await cluster.drain();
}

main().catch(({ message }) => (console.error(`crawler: ${message}`), process.exit(1)));
