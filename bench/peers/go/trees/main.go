// Trees: binary trees of all depths from 4 to the greatest, built, counted and dropped by a goroutine for each batch of
// them, beside one of the greatest depth that stays. Time for all; with a third argument the process's peak of resident
// memory instead.
package main

import (
	"fmt"

	"skein/bench/internal/harness"
)

const smallest = 4

// batches is how many goroutines share the trees of one depth.
const batches = 16

type tree struct {
	left, right *tree
}

func (t *tree) count() int {
	n := 1
	if t.left != nil {
		n += t.left.count()
	}
	if t.right != nil {
		n += t.right.count()
	}
	return n
}

func grow(depth int) *tree {
	t := new(tree)
	if depth > 0 {
		t.left = grow(depth - 1)
		t.right = grow(depth - 1)
	}
	return t
}

func batch(depth, trees int, counts chan<- int) {
	count := 0
	for i := 0; i < trees; i++ {
		count += grow(depth).count()
	}
	counts <- count
}

func main() {
	deepest := max(harness.Arg(0, 18), smallest+2)
	work := func() {
		counts := make(chan int)
		stays := grow(deepest)
		for depth := smallest; depth <= deepest; depth += 2 {
			trees := 1 << (deepest - depth + smallest)
			for i := 0; i < batches; i++ {
				go batch(depth, trees/batches, counts)
			}
			count := 0
			for i := 0; i < batches; i++ {
				count += <-counts
			}
			harness.Check(count == trees*(2<<depth-1), fmt.Sprint("the nodes of the trees of depth ", depth))
		}
		harness.Check(stays.count() == 2<<deepest-1, "the nodes of the tree that stayed")
	}
	if harness.Arg(2, 0) == 0 {
		harness.Total(harness.Arg(1, 2), work)
		return
	}
	work()
	harness.Result("MB", harness.PeakResident())
}
