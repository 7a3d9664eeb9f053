// Select-bodies: one goroutine selects over four unbuffered channels, each fed by a goroutine of its own, on one P, with a
// body for each case; time per value received.
package main

import "skein/bench/internal/harness"

func feed(ch chan int, n int) {
	for i := 0; i < n; i++ {
		ch <- i
	}
}

func main() {
	n, repetitions := harness.Arg(0, 400_000), harness.Arg(1, 5)
	each := n / 4
	a, b, c, d := make(chan int), make(chan int), make(chan int), make(chan int)
	harness.PerOp(repetitions, each*4, func() {
		go feed(a, each)
		go feed(b, each)
		go feed(c, each)
		go feed(d, each)
		sum := 0
		for i := 0; i < each*4; i++ {
			select {
			case v := <-a:
				sum += v
			case v := <-b:
				sum += v
			case v := <-c:
				sum += v
			case v := <-d:
				sum += v
			}
		}
		harness.Check(sum == 4*(each*(each-1)/2), "the sum of what was sent")
	})
}
