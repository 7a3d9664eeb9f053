// Pauses: for how long a collection stops the program, by its own account, while goroutines on all Ps make objects and
// put them into trees, a thousand each in a millisecond. Each collection gives a value; printed is that which 99 of 100 keep below, or the longest.
//
// Beside them are a million objects with 200 MB, or as many goroutines that are parked.
package main

import (
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"skein/bench/internal/cells"
	"skein/bench/internal/harness"
	"skein/bench/internal/tree"
)

const (
	// mutators is the number of goroutines that change trees, each one of its own.
	mutators = 16
	// nodeSize is the bytes of a node beside its references: 2^19 nodes and as many arrays are 200 MB.
	nodeSize = 368
	// graft is the depth of what is put into a tree at once.
	graft = 3
)

func park(ch chan int, started *atomic.Int64) {
	started.Add(1)
	<-ch
}

func mutate(t *tree.Node, depth int, seed uint32, stop *atomic.Bool, done *sync.WaitGroup) {
	for !stop.Load() {
		cells.Allocate(1000)
		seed = tree.Scattered(seed)
		t.Below(depth-graft-1, seed).Left = tree.Grow(graft, nodeSize)
		time.Sleep(time.Millisecond)
	}
	harness.Check(t.Count() == 2<<depth-1, "the nodes of the tree")
	done.Done()
}

// collect returns how long each of the collections has stopped the program.
func collect(collections int) []time.Duration {
	var pauses []time.Duration
	var before, after debug.GCStats
	debug.ReadGCStats(&before)
	for i := 0; i < collections; i++ {
		runtime.GC()
		debug.ReadGCStats(&after)
		pauses = append(pauses, (after.PauseTotal-before.PauseTotal)/time.Duration(after.NumGC-before.NumGC))
		before.PauseTotal, before.NumGC = after.PauseTotal, after.NumGC
	}
	return pauses
}

func main() {
	parked, depth := harness.Arg(0, 0), harness.Arg(1, 14)
	collections, longest := harness.Arg(2, 100), harness.Arg(3, 0) == 1
	// Those that are asked for are all there are.
	debug.SetGCPercent(-1)
	ch := make(chan int)
	var started atomic.Int64
	for i := 0; i < parked; i++ {
		go park(ch, &started)
	}
	for started.Load() < int64(parked) {
		runtime.Gosched()
	}
	var stop atomic.Bool
	var done sync.WaitGroup
	trees := make([]*tree.Node, mutators)
	for i := range trees {
		trees[i] = tree.Grow(depth, nodeSize)
	}
	for i, t := range trees {
		done.Add(1)
		go mutate(t, depth, uint32(i+1), &stop, &done)
	}
	pauses := collect(collections)
	slices.Sort(pauses)
	stop.Store(true)
	done.Wait()
	at := (collections - 1) * 99 / 100
	if longest {
		at = collections - 1
	}
	harness.Result("ms", float64(pauses[at].Nanoseconds())/1e6)
	runtime.KeepAlive(ch)
}
