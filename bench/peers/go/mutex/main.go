// Mutex: eight goroutines on all cores lock one mutex, add one to a counter, and unlock; time per lock and unlock.
package main

import (
	"sync"

	"skein/bench/internal/harness"
)

const goroutines = 8

var (
	mutex   sync.Mutex
	counter int
)

func add(n int, wg *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		mutex.Lock()
		counter++
		mutex.Unlock()
	}
	wg.Done()
}

func main() {
	n, repetitions := harness.Arg(0, 2_000_000), harness.Arg(1, 5)
	each := n / goroutines
	var wg sync.WaitGroup
	harness.PerOp(repetitions, each*goroutines, func() {
		counter = 0
		wg.Add(goroutines)
		for i := 0; i < goroutines; i++ {
			go add(each, &wg)
		}
		wg.Wait()
		harness.Check(counter == each*goroutines, "additions lost")
	})
}
