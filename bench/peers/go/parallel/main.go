// Parallel: a picture of the Mandelbrot set, a goroutine for each row. Time for the picture; run on one P and on all
// cores, the two times make the speedup.
package main

import (
	"sync"

	"skein/bench/internal/harness"
)

const limit = 256

func row(picture []byte, size, y int, wg *sync.WaitGroup) {
	ci := 2*float64(y)/float64(size) - 1
	for x := 0; x < size; x++ {
		cr := 2*float64(x)/float64(size) - 1.5
		zr, zi, i := 0.0, 0.0, 0
		for i < limit-1 && zr*zr+zi*zi <= 4 {
			zr, zi = zr*zr-zi*zi+cr, 2*zr*zi+ci
			i++
		}
		picture[y*size+x] = byte(i)
	}
	wg.Done()
}

func main() {
	size, repetitions := harness.Arg(0, 1000), harness.Arg(1, 5)
	picture := make([]byte, size*size)
	var wg sync.WaitGroup
	harness.Total(repetitions, func() {
		wg.Add(size)
		for y := 0; y < size; y++ {
			go row(picture, size, y, &wg)
		}
		wg.Wait()
		// The middle of the set never escapes, its far corner does at once.
		harness.Check(picture[size/2*size+size*3/4] == limit-1 && picture[0] < 4, "the picture")
	})
}
