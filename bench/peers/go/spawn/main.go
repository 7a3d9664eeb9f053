// Spawn: start goroutines that only say they are done, 200 under one WaitGroup; time per goroutine.
package main

import (
	"sync"

	"skein/bench/internal/harness"
)

const batch = 200

func done(wg *sync.WaitGroup) {
	wg.Done()
}

func main() {
	n, repetitions := harness.Arg(0, 1_000_000), harness.Arg(1, 5)
	batches := n / batch
	var wg sync.WaitGroup
	harness.PerOp(repetitions, batches*batch, func() {
		for i := 0; i < batches; i++ {
			wg.Add(batch)
			for j := 0; j < batch; j++ {
				go done(&wg)
			}
			wg.Wait()
		}
	})
}
