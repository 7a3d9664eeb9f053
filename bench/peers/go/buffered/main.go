// Buffered: one goroutine produces, one consumes, over a channel of 128, on one P; time per element.
package main

import "skein/bench/internal/harness"

const capacity = 128

func produce(ch chan int, n int) {
	for i := 0; i < n; i++ {
		ch <- i
	}
	close(ch)
}

func main() {
	n, repetitions := harness.Arg(0, 2_000_000), harness.Arg(1, 5)
	harness.PerOp(repetitions, n, func() {
		ch := make(chan int, capacity)
		go produce(ch, n)
		count := 0
		for range ch {
			count++
		}
		harness.Check(count == n, "elements lost")
	})
}
