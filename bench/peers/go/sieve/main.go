// Sieve: a chain of goroutines, one for each prime, each passing on what its prime does not divide, over unbuffered
// channels. Time for the first primes, 1000 of them, on all cores. The numbers end after the last prime wanted, so that
// the chain ends too and the next repetition starts from nothing.
package main

import "skein/bench/internal/harness"

func generate(out chan int, last int) {
	for i := 2; i <= last; i++ {
		out <- i
	}
	close(out)
}

func filter(in, out chan int, prime int) {
	for v := range in {
		if v%prime != 0 {
			out <- v
		}
	}
	close(out)
}

func sieve(last int) (count, greatest int) {
	ch := make(chan int)
	go generate(ch, last)
	for {
		prime, ok := <-ch
		if !ok {
			return
		}
		count++
		greatest = prime
		next := make(chan int)
		go filter(ch, next, prime)
		ch = next
	}
}

// nthPrime finds by trial division what the chain must find.
func nthPrime(n int) int {
	candidate := 1
	for n > 0 {
		candidate++
		prime := true
		for d := 2; d*d <= candidate && prime; d++ {
			prime = candidate%d != 0
		}
		if prime {
			n--
		}
	}
	return candidate
}

func main() {
	n, repetitions := harness.Arg(0, 1000), harness.Arg(1, 3)
	last := nthPrime(n)
	harness.Total(repetitions, func() {
		count, greatest := sieve(last)
		harness.Check(count == n && greatest == last, "the primes")
	})
}
