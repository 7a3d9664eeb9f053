// Defer: a function that adds to a counter under a mutex, and unlocks by a deferred call; time per call.
package main

import (
	"sync"

	"skein/bench/internal/harness"
)

var (
	mutex   sync.Mutex
	counter int
)

//go:noinline
func add(by int) {
	mutex.Lock()
	defer mutex.Unlock()
	counter += by
}

func main() {
	n, repetitions := harness.Arg(0, 5_000_000), harness.Arg(1, 5)
	harness.PerOp(repetitions, n, func() {
		counter = 0
		for i := 0; i < n; i++ {
			add(1)
		}
		harness.Check(counter == n, "additions lost")
	})
}
