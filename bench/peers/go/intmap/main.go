// Intmap: a map of integers is filled, counted in, and summed up.
package main

import "skein/bench/internal/harness"

func main() {
	entries := int32(harness.Arg(0, 1_000_000))
	harness.Total(harness.Arg(1, 5), func() {
		squares := make(map[int32]int32)
		for i := int32(0); i < entries; i++ {
			squares[i*7] = i
		}
		var sum int64
		for i := int32(0); i < entries*7; i += 7 {
			sum += int64(squares[i])
		}
		for i := int32(0); i < entries*7; i += 14 {
			squares[i]++
		}
		harness.Check(sum == int64(entries)*int64(entries-1)/2, "the sum")
		harness.Check(len(squares) == int(entries), "the size")
	})
}
