// Allocate-parallel: objects of 32 bytes from 16 goroutines, each of which keeps its latest 1024; time for all.
package main

import (
	"skein/bench/internal/cells"
	"skein/bench/internal/harness"
)

const goroutines = 16

func main() {
	each := harness.Arg(0, 20_000_000) / goroutines
	harness.Total(harness.Arg(1, 3), func() {
		done := make(chan int)
		for i := 0; i < goroutines; i++ {
			go func() { done <- cells.Allocate(each) }()
		}
		for i := 0; i < goroutines; i++ {
			harness.Check(<-done == min(each, cells.Kept), "the objects kept")
		}
	})
}
