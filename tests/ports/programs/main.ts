// Go's concurrency chapters, patterns and blog posts, each beside its Go twin: what they print is the same.

import { println } from "skein";
import * as flows from "./flows";
import * as jumps from "./jumps";
import * as patterns from "./patterns";
import * as sharing from "./sharing";
import * as services from "./services";
import * as structures from "./structures";

function port(name: string, run: () => void): void {
  println("== " + name);
  run();
}

export function main(): void {
  port("pipeline", flows.pipeline);
  port("pipeline with cancellation", flows.cancelledPipeline);
  port("fan-in", flows.fanIn);
  port("daisy chain", flows.daisyChain);
  port("prime sieve", flows.primeSieve);
  port("equivalent trees", flows.equivalentTrees);
  port("timeouts", flows.timeouts);
  port("ticker", flows.ticker);
  port("select default", flows.selectDefault);
  port("closing channels", flows.closingChannels);
  port("range over channels", flows.rangeOverChannels);
  port("mutex counters", sharing.mutexCounters);
  port("atomic counters", sharing.atomicCounters);
  port("once values", sharing.onceValues);
  port("dining philosophers", sharing.philosophers);
  port("bounded buffer", sharing.boundedBuffer);
  port("semaphore", sharing.semaphore);
  port("shared map", sharing.sharedMap);
  port("worker pool", services.workerPool);
  port("bounded parallelism", services.boundedParallelism);
  port("error group", services.errorGroup);
  port("context tree", services.contextTree);
  port("publish and subscribe", services.publishSubscribe);
  port("stateful goroutine", services.statefulGoroutine);
  port("replicated search", services.replicatedSearch);
  port("rate limiting", services.rateLimiting);
  port("web crawler", services.webCrawler);
  port("priority queue", structures.priorityQueue);
  port("least recently used", structures.leastRecentlyUsed);
  port("parsing numbers", structures.parsingNumbers);
  port("ping-pong", patterns.pingPong);
  port("subscription", patterns.feed);
  port("load balancer", patterns.loadBalancer);
  port("chat", patterns.chat);
  port("memo", patterns.memoized);
  port("digests of files", patterns.digests);
  port("disk usage", patterns.diskUsage);
  port("defer, panic, recover", patterns.deferPanicRecover);
  port("starting gun", patterns.startingGun);
  port("words and lines", patterns.wordFrequency);
  port("string formatting", patterns.stringFormatting);
  port("life", patterns.life);
  port("labels", jumps.labels);
}
