// Skynet: a tree of goroutines, ten children each, a million leaves; each sends the sum of its subtree to its parent.
// Time for the whole tree on all cores.
package main

import "skein/bench/internal/harness"

const children = 10

func skynet(out chan int, number, size int) {
	if size == 1 {
		out <- number
		return
	}
	in := make(chan int)
	part := size / children
	for i := 0; i < children; i++ {
		go skynet(in, number+i*part, part)
	}
	sum := 0
	for i := 0; i < children; i++ {
		sum += <-in
	}
	out <- sum
}

func main() {
	n, repetitions := harness.Arg(0, 1_000_000), harness.Arg(1, 3)
	harness.Total(repetitions, func() {
		out := make(chan int)
		go skynet(out, 0, n)
		harness.Check(<-out == n*(n-1)/2, "the sum of all leaves")
	})
}
