// The twins of the programs beside this one.
package main

import "fmt"

func port(name string, run func()) {
	fmt.Println("== " + name)
	run()
}

func main() {
	port("pipeline", pipeline)
	port("pipeline with cancellation", cancelledPipeline)
	port("fan-in", fanIn)
	port("daisy chain", daisyChain)
	port("prime sieve", primeSieve)
	port("equivalent trees", equivalentTrees)
	port("timeouts", timeouts)
	port("ticker", ticker)
	port("select default", selectDefault)
	port("closing channels", closingChannels)
	port("range over channels", rangeOverChannels)
	port("mutex counters", mutexCounters)
	port("atomic counters", atomicCounters)
	port("once values", onceValues)
	port("dining philosophers", philosophers)
	port("bounded buffer", boundedBuffer)
	port("semaphore", semaphore)
	port("shared map", sharedMap)
	port("worker pool", workerPool)
	port("bounded parallelism", boundedParallelism)
	port("error group", errorGroup)
	port("context tree", contextTree)
	port("publish and subscribe", publishSubscribe)
	port("stateful goroutine", statefulGoroutine)
	port("replicated search", replicatedSearch)
	port("rate limiting", rateLimiting)
	port("web crawler", webCrawler)
	port("priority queue", priorityQueue)
	port("least recently used", leastRecentlyUsed)
	port("parsing numbers", parsingNumbers)
	port("ping-pong", pingPong)
	port("subscription", feed)
	port("load balancer", loadBalancer)
	port("chat", chat)
	port("memo", memoized)
	port("digests of files", digests)
	port("disk usage", diskUsage)
	port("defer, panic, recover", deferPanicRecover)
	port("starting gun", startingGun)
	port("words and lines", wordFrequency)
	port("string formatting", stringFormatting)
	port("life", life)
}
