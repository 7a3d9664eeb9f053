// After-peak: resident memory some time after objects of 1 GB have been dropped and collected, while the program goes on
// with little.
package main

import (
	"runtime"
	"time"

	"skein/bench/internal/cells"
	"skein/bench/internal/harness"
)

const size = 1000

// peak has so many objects at once, and drops them.
func peak(objects int) {
	var list [][]byte
	for i := 0; i < objects; i++ {
		bytes := make([]byte, size)
		bytes[i%size] = 1
		list = append(list, bytes)
	}
	sum := 0
	for i, bytes := range list {
		sum += int(bytes[i%size])
	}
	harness.Check(sum == objects, "the objects")
}

func main() {
	objects := harness.Arg(0, 1_000_000)
	d := time.Duration(harness.Arg(1, 10_000)) * time.Millisecond
	peak(objects)
	runtime.GC()
	for start := time.Now(); time.Since(start) < d; time.Sleep(10 * time.Millisecond) {
		harness.Check(cells.Allocate(cells.Kept) == cells.Kept, "little")
	}
	harness.Result("MB", harness.Resident())
}
