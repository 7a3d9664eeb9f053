// Life: Conway's, on a torus, as a slice of bytes; the neighbours of each cell are counted by index.
package main

import "skein/bench/internal/harness"

const generations = 40

type field struct {
	cells []uint8
	size  int
}

func newField(size int) *field {
	return &field{cells: make([]uint8, size*size), size: size}
}

func (f *field) alive(x, y int) uint8 {
	x = (x + f.size) % f.size
	y = (y + f.size) % f.size
	return f.cells[y*f.size+x]
}

func (f *field) set(x, y int, value uint8) {
	f.cells[y*f.size+x] = value
}

// next is what a cell is next.
func (f *field) next(x, y int) uint8 {
	neighbours := 0
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if dx != 0 || dy != 0 {
				neighbours += int(f.alive(x+dx, y+dy))
			}
		}
	}
	if neighbours == 3 || neighbours == 2 && f.alive(x, y) == 1 {
		return 1
	}
	return 0
}

func (f *field) population() int {
	sum := 0
	for _, cell := range f.cells {
		sum += int(cell)
	}
	return sum
}

func main() {
	size := harness.Arg(0, 512)
	harness.Total(harness.Arg(1, 5), func() {
		now, then := newField(size), newField(size)
		// A glider comes back to its shape every four generations.
		now.set(1, 0, 1)
		now.set(2, 1, 1)
		for x := 0; x < 3; x++ {
			now.set(x, 2, 1)
		}
		for g := 0; g < generations; g++ {
			for y := 0; y < size; y++ {
				for x := 0; x < size; x++ {
					then.set(x, y, now.next(x, y))
				}
			}
			now, then = then, now
		}
		harness.Check(now.population() == 5, "a glider has five cells")
	})
}
