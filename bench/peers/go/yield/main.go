// Yield: two goroutines give way to each other on one P; time per yield.
package main

import (
	"runtime"
	"sync"

	"skein/bench/internal/harness"
)

func yielder(n int, wg *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		runtime.Gosched()
	}
	wg.Done()
}

func main() {
	n, repetitions := harness.Arg(0, 2_000_000), harness.Arg(1, 5)
	each := n / 2
	var wg sync.WaitGroup
	harness.PerOp(repetitions, each*2, func() {
		wg.Add(2)
		go yielder(each, &wg)
		go yielder(each, &wg)
		wg.Wait()
	})
}
