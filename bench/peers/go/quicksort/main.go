// Quicksort: a slice of int32 is sorted in place, around the middle one of three, small parts by insertion.
package main

import "skein/bench/internal/harness"

const small = 12

func insertion(values []int32, low, high int) {
	for i := low + 1; i <= high; i++ {
		value := values[i]
		j := i - 1
		for j >= low && values[j] > value {
			values[j+1] = values[j]
			j--
		}
		values[j+1] = value
	}
}

func sort(values []int32, low, high int) {
	for high-low >= small {
		middle := low + (high-low)>>1
		if values[middle] < values[low] {
			values[middle], values[low] = values[low], values[middle]
		}
		if values[high] < values[low] {
			values[high], values[low] = values[low], values[high]
		}
		if values[high] < values[middle] {
			values[high], values[middle] = values[middle], values[high]
		}
		pivot := values[middle]
		i, j := low, high
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		sort(values, low, j)
		low = i
	}
	insertion(values, low, high)
}

func main() {
	size := harness.Arg(0, 2_000_000)
	values := make([]int32, size)
	harness.Total(harness.Arg(1, 5), func() {
		seed := uint32(1)
		for i := range values {
			seed = seed*1664525 + 1013904223
			values[i] = int32(seed >> 1)
		}
		sort(values, 0, size-1)
		for i := 1; i < size; i++ {
			harness.Check(values[i-1] <= values[i], "the order")
		}
	})
}
