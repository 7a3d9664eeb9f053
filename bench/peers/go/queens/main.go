// Queens: in how many ways n queens stand on a board of n by n, row by row, with a slice of bool for each direction.
package main

import "skein/bench/internal/harness"

// known has the answers for n = 0 … 13.
var known = []int{1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712}

type board struct {
	columns, rising, falling []bool
	size                     int
}

func newBoard(size int) *board {
	return &board{make([]bool, size), make([]bool, 2*size), make([]bool, 2*size), size}
}

func (b *board) place(row int) int {
	if row == b.size {
		return 1
	}
	ways := 0
	for column := 0; column < b.size; column++ {
		up, down := row+column, row-column+b.size
		if b.columns[column] || b.rising[up] || b.falling[down] {
			continue
		}
		b.columns[column], b.rising[up], b.falling[down] = true, true, true
		ways += b.place(row + 1)
		b.columns[column], b.rising[up], b.falling[down] = false, false, false
	}
	return ways
}

func main() {
	size := harness.Arg(0, 11)
	harness.Total(harness.Arg(1, 5), func() {
		harness.Check(newBoard(size).place(0) == known[size], "the ways")
	})
}
