// Pingpong: two goroutines send a value there and back over two unbuffered channels, on one P; time per round trip.
package main

import (
	"sync"

	"skein/bench/internal/harness"
)

func serve(ping, pong chan int, n int, wg *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		ping <- i
		harness.Check(<-pong == i, "another value came back")
	}
	close(ping)
	wg.Done()
}

func answer(ping, pong chan int) {
	for v := range ping {
		pong <- v
	}
}

func main() {
	n, repetitions := harness.Arg(0, 500_000), harness.Arg(1, 5)
	var wg sync.WaitGroup
	harness.PerOp(repetitions, n, func() {
		ping, pong := make(chan int), make(chan int)
		wg.Add(1)
		go serve(ping, pong, n, &wg)
		go answer(ping, pong)
		wg.Wait()
	})
}
