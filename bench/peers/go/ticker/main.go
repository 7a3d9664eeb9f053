// Ticker: a ticker of 5 ms beside goroutines that compute without end and call nothing, two for each core. Reported is
// the lateness that 99 of 100 ticks keep below: from when a tick was due until the goroutine that waits for it has it.
package main

import (
	"runtime"
	"sort"
	"time"

	"skein/bench/internal/harness"
)

const period = 5 * time.Millisecond

var sink int64

func spin() {
	for i := int64(0); ; i++ {
		sink = i
	}
}

// lateness takes that many ticks. A tick that was not taken in time is dropped; the next is then due at the next
// multiple of the period.
func lateness(ticks int) []float64 {
	late := make([]float64, 0, ticks)
	due := time.Now().Add(period)
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for i := 0; i < ticks; i++ {
		fired := <-ticker.C
		late = append(late, float64(time.Since(due).Nanoseconds())/1e6)
		due = due.Add(period * (1 + max(fired.Sub(due), 0)/period))
	}
	return late
}

func main() {
	ticks, repetitions := harness.Arg(0, 300), harness.Arg(1, 2)
	for i := 0; i < 2*runtime.GOMAXPROCS(0); i++ {
		go spin()
	}
	// Until every one of them has run for some slices.
	time.Sleep(300 * time.Millisecond)
	for i := 0; i < repetitions; i++ {
		late := lateness(ticks)
		sort.Float64s(late)
		harness.Result("ms", late[ticks*99/100])
	}
}
