// Sleepers: ten thousand goroutines, each in one sleep of 1 ms after another. Prints now and then how often they have
// woken up; what that took of the processors is measured from outside.
package main

import (
	"sync/atomic"
	"time"

	"skein/bench/internal/harness"
)

const interval = 500 * time.Millisecond

func wakeAgainAndAgain(mine *atomic.Int64) {
	for {
		time.Sleep(time.Millisecond)
		mine.Add(1)
	}
}

func main() {
	// The wake-ups of each, apart from the others': a counter for all would be what is measured.
	wakeups := make([]*atomic.Int64, harness.Arg(0, 10_000))
	for i := range wakeups {
		wakeups[i] = new(atomic.Int64)
		go wakeAgainAndAgain(wakeups[i])
	}
	for i := 0; i <= harness.Arg(1, 6); i++ {
		time.Sleep(interval)
		var sum int64
		for _, mine := range wakeups {
			sum += mine.Load()
		}
		harness.Count(sum)
	}
}
