// Blocking: a computation on one P, alone and beside four goroutines that spend their time in blocking calls of 100 ms.
// Reported is how much longer the second takes. If a call kept the P, that would be several times as long.
//
// The call is a read from an empty pipe, which a timer ends: the same on every system, and unlike time.Sleep it blocks
// the thread.
package main

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"skein/bench/internal/harness"
)

const blockers = 4

var over atomic.Bool

func block(wg *sync.WaitGroup) {
	defer wg.Done()
	r, w, err := os.Pipe()
	harness.Check(err == nil, "a pipe")
	defer r.Close()
	defer w.Close()
	r.Fd() // takes the pipe from the poller: reads block from here on
	var b [1]byte
	for !over.Load() {
		time.AfterFunc(100*time.Millisecond, func() { w.Write(b[:]) })
		r.Read(b[:])
	}
}

func compute(millions int) uint32 {
	hash := uint32(2166136261)
	for i := 0; i < millions*1_000_000; i++ {
		hash = (hash ^ uint32(i)) * 16777619
	}
	return hash
}

func main() {
	millions, repetitions := harness.Arg(0, 300), harness.Arg(1, 5)
	expected := compute(millions)
	alone := func() time.Duration {
		start := time.Now()
		hash := compute(millions)
		elapsed := time.Since(start)
		harness.Check(hash == expected, "the hash")
		return elapsed
	}
	accompanied := func() time.Duration {
		var wg sync.WaitGroup
		over.Store(false)
		wg.Add(blockers)
		for i := 0; i < blockers; i++ {
			go block(&wg)
		}
		runtime.Gosched()
		elapsed := alone()
		over.Store(true)
		wg.Wait()
		return elapsed
	}
	// In turned order, so that what drifts in one direction cancels out.
	for i := 0; i < repetitions; i++ {
		var ratio float64
		if i%2 == 0 {
			time := alone()
			ratio = float64(accompanied()) / float64(time)
		} else {
			time := accompanied()
			ratio = float64(time) / float64(alone())
		}
		harness.Result("%", (ratio-1)*100)
	}
}
