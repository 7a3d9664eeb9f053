// Marking: how fast goroutines on all Ps change trees of a million objects while one collection follows another, as a
// share of how fast they do without.
package main

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"skein/bench/internal/harness"
	"skein/bench/internal/tree"
)

const (
	// mutators is the number of goroutines that change trees, each one of its own.
	mutators = 16
	nodeSize = 368
	// atOnce is the number of changes between two looks at the others.
	atOnce = 500
)

var (
	stop    atomic.Bool
	changes atomic.Int64
)

func mutate(t *tree.Node, depth int, seed uint32, done *sync.WaitGroup) {
	for !stop.Load() {
		for i := 0; i < atOnce; i++ {
			seed = tree.Scattered(seed)
			t.Below(depth-4, seed).Swap()
		}
		changes.Add(atOnce)
		runtime.Gosched()
	}
	harness.Check(t.Count() == 2<<depth-1, "the nodes of the tree")
	done.Done()
}

// speed returns the changes made meanwhile, for each nanosecond.
func speed(isCollecting bool, d time.Duration) float64 {
	before, start := changes.Load(), time.Now()
	if !isCollecting {
		time.Sleep(d)
	} else {
		for time.Since(start) < d {
			runtime.GC()
		}
	}
	return float64(changes.Load()-before) / float64(time.Since(start))
}

func main() {
	depth := harness.Arg(0, 14)
	d := time.Duration(harness.Arg(1, 1000)) * time.Millisecond
	repetitions := harness.Arg(2, 3)
	debug.SetGCPercent(-1)
	var done sync.WaitGroup
	trees := make([]*tree.Node, mutators)
	for i := range trees {
		trees[i] = tree.Grow(depth, nodeSize)
	}
	for i, t := range trees {
		done.Add(1)
		go mutate(t, depth, uint32(i+1), &done)
	}
	speed(false, d)
	for i := 0; i < repetitions; i++ {
		alone := speed(false, d)
		harness.Result("x", speed(true, d)/alone)
	}
	stop.Store(true)
	done.Wait()
}
