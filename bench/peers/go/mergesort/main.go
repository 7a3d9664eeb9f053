// Mergesort: a slice of int32 is sorted by halves, into and out of a second one; two goroutines for each of the first splits.
package main

import (
	"slices"
	"sync"

	"skein/bench/internal/harness"
)

// apart: smaller parts are sorted by whoever has them.
const apart = 1 << 16

func merge(from, to []int32, low, middle, high int) {
	left, right := low, middle
	for i := low; i < high; i++ {
		if left < middle && (right >= high || from[left] <= from[right]) {
			to[i] = from[left]
			left++
		} else {
			to[i] = from[right]
			right++
		}
	}
}

// sort sorts a part of values; spare has the same elements there.
func sort(values, spare []int32, low, high int) {
	if high-low < 2 {
		return
	}
	middle := low + (high-low)>>1
	if high-low > apart {
		var done sync.WaitGroup
		done.Add(1)
		go sortApart(spare, values, low, middle, &done)
		sort(spare, values, middle, high)
		done.Wait()
	} else {
		sort(spare, values, low, middle)
		sort(spare, values, middle, high)
	}
	merge(spare, values, low, middle, high)
}

func sortApart(values, spare []int32, low, high int, done *sync.WaitGroup) {
	sort(values, spare, low, high)
	done.Done()
}

func main() {
	size := harness.Arg(0, 2_000_000)
	given := make([]int32, size)
	harness.Total(harness.Arg(1, 5), func() {
		seed := uint32(1)
		for i := range given {
			seed = seed*1664525 + 1013904223
			given[i] = int32(seed >> 1)
		}
		spare := slices.Clone(given)
		sort(given, spare, 0, size)
		for i := 1; i < size; i++ {
			harness.Check(given[i-1] <= given[i], "the order")
		}
	})
}
