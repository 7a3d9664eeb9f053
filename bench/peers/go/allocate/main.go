// Allocate: objects of 32 bytes, of which the latest 1024 are kept; time per object.
package main

import (
	"skein/bench/internal/cells"
	"skein/bench/internal/harness"
)

func main() {
	n := harness.Arg(0, 10_000_000)
	harness.PerOp(harness.Arg(1, 5), n, func() {
		harness.Check(cells.Allocate(n) == min(n, cells.Kept), "the objects kept")
	})
}
