// Closures: one that counts in a variable it has captured, per call; and a slice of integers that is mapped, or sorted,
// with one that reads such a variable, per element. The first argument says which: 0, 1, 2. What takes or gives a closure
// is not inlined: there would be none.
package main

import (
	"slices"

	"skein/bench/internal/harness"
)

//go:noinline
func counter() func() int32 {
	count := int32(0)
	return func() int32 {
		count++
		return count
	}
}

func call(n int) {
	next := counter()
	for i := 0; i < n; i++ {
		next()
	}
	harness.Check(next() == int32(n)+1, "the count")
}

func scattered(n int) []int32 {
	values := make([]int32, n)
	seed := uint32(1)
	for i := range values {
		seed = seed*1664525 + 1013904223
		values[i] = int32(seed >> 2)
	}
	return values
}

//go:noinline
func apply[T, U any](values []T, f func(T) U) []U {
	result := make([]U, len(values))
	for i, value := range values {
		result[i] = f(value)
	}
	return result
}

func mapped(given []int32, by int32) []int32 {
	return apply(given, func(value int32) int32 { return value + by })
}

func sorted(given []int32, down bool) []int32 {
	values := slices.Clone(given)
	slices.SortFunc(values, func(a, b int32) int {
		if down {
			return int(b - a)
		}
		return int(a - b)
	})
	return values
}

func main() {
	kind, n, repetitions := harness.Arg(0, 0), harness.Arg(1, 1_000_000), harness.Arg(2, 5)
	given := scattered(n)
	bodies := []func(){
		func() { call(n) },
		func() {
			values := mapped(given, 7)
			harness.Check(len(values) == n && values[n-1] == given[n-1]+7, "the sums")
		},
		func() {
			values := sorted(given, true)
			for i := 1; i < n; i++ {
				harness.Check(values[i-1] >= values[i], "the order")
			}
		},
	}
	harness.PerOp(repetitions, n, bodies[kind])
}
