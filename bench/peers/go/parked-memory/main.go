// Parked-memory: bytes of memory for each of a million goroutines parked in a receive. One measurement a process,
// since a second one would find the first one's goroutines free to use again.
//
// Counted is what the goroutines keep in use: heap spans (the Gs, the waiting records of the channel, the table of
// all Gs) and stack spans, against the same before the first was started, each after a collection. What the runtime
// has obtained from the system beyond that (MemStats.Sys, about 2 % more) is not held against it.
package main

import (
	"runtime"
	"sync/atomic"
	"time"

	"skein/bench/internal/harness"
)

func park(ch chan int, started *atomic.Int64) {
	started.Add(1)
	<-ch
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func main() {
	n := harness.Arg(0, 1_000_000)
	ch := make(chan int)
	var started atomic.Int64
	before := inUse()
	for i := 0; i < n; i++ {
		go park(ch, &started)
	}
	for started.Load() < int64(n) {
		runtime.Gosched()
	}
	// The last few are on their way from the counter into the receive.
	time.Sleep(10 * time.Millisecond)
	harness.Result("B/goroutine", float64(inUse()-before)/float64(n))
	runtime.KeepAlive(ch)
}
