#!/usr/bin/env node
/**
 * A crawler that is polite: several goroutines fetch pages, and together they begin no more requests a second than allowed.
 * A channel hands out the permits. The site is a server that this program starts itself.
 */
import { createServer } from "node:http";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import { start } from "skein";

const HELP = `Usage: crawler.js [--pages N] [--rate N] [--crawlers N] [--procs N]

Visits all pages (default 60) of a site of its own with some crawlers (4), at no more than 100 requests a second (--rate).`;

/** A task: fetches pages until there are no more; of each it tells the links. */
export async function crawl(urls, permits, found) {
  for await (const url of urls) {
    await permits.recv();
    const response = await fetch(url);
    const links = [...(await response.text()).matchAll(/href="([^"]+)"/g)].map(([, link]) => new URL(link, url).href);
    await found.send({ url, status: response.status, links });
  }
}

/** A site whose page n links to 2n + 1 and 2n + 2, and home; it counts when requests came. */
function site(pages, requests) {
  const server = createServer(({ url }, response) => {
    requests.push(performance.now());
    const n = Number(url.slice(1));
    if (!(n < pages)) return response.writeHead(404).end("no such page");
    const links = [0, 2 * n + 1, 2 * n + 2].map((to) => `<a href="/${to}">${to}</a>`);
    setTimeout(() => response.setHeader("content-type", "text/html").end(links.join(" ")), 20);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function main() {
  const number = (fallback) => ({ type: "string", default: String(fallback) });
  const [procs, help] = [{ type: "string" }, { type: "boolean" }];
  const options = { pages: number(60), rate: number(100), crawlers: number(4), procs, help };
  const { values } = parseArgs({ options });
  if (values.help) return console.log(HELP);
  const [pages, rate, crawlers] = [values.pages, values.rate, values.crawlers].map(Number);
  const requests = [];
  const server = await site(pages, requests);
  const rt = await start({ procs: values.procs && Number(values.procs) });
  const { crawl } = rt.tasks(import.meta.url);

  const urls = rt.chan(10_000);
  const found = rt.chan(16);
  const permits = rt.chan(); // nobody keeps a permit in stock
  const ticker = setInterval(() => permits.trySend(true), 1000 / rate);
  const running = Array.from({ length: crawlers }, () => rt.go(crawl, urls, permits, found));

  const seen = new Set([`http://127.0.0.1:${server.address().port}/0`]);
  const statuses = {};
  for (const url of seen) await urls.send(url);
  for (let visited = 0; visited < seen.size; visited++) {
    const { value: page } = await found.recv();
    statuses[page.status] = (statuses[page.status] ?? 0) + 1;
    for (const link of page.links.filter((link) => !seen.has(link))) {
      seen.add(link);
      await urls.send(link);
    }
  }
  urls.close();
  await Promise.all(running);
  clearInterval(ticker);
  server.closeAllConnections();
  server.close();
  await rt.close();
  const most = Math.max(...requests.map((from) => requests.filter((at) => at >= from && at < from + 1000).length));
  console.log(`${statuses[200]} pages and ${statuses[404] ?? 0} dead links; at most ${most} requests in a second`);
}

const fail = ({ message }) => (console.error(`crawler: ${message}`), process.exit(1));
if (isMainThread) main().catch(fail);
