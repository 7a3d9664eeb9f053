// Package harness times the Go programs exactly as bench/programs/harness.ts times the AssemblyScript ones: run the
// work untimed until a third of a second has passed, then time each repetition, and print one RESULT line for each.
package harness

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// warmUp is as long as a WebAssembly engine takes to replace its baseline code; Go gets the same, for heaps and
// free lists that have their working size.
const warmUp = 300 * time.Millisecond

// Arg returns the program's argument i as a number, or fallback where it was not given.
func Arg(i, fallback int) int {
	if len(os.Args) <= i+1 {
		return fallback
	}
	n, err := strconv.Atoi(os.Args[i+1])
	if err != nil || n < 0 {
		panic("not a number: " + os.Args[i+1])
	}
	return n
}

// PerOp reports body's time divided by the ops that one call of it makes.
func PerOp(repetitions, ops int, body func()) {
	repeat(repetitions, body, func(d time.Duration) {
		Result("ns/op", float64(d.Nanoseconds())/float64(ops))
	})
}

// Total reports how long body takes.
func Total(repetitions int, body func()) {
	repeat(repetitions, body, func(d time.Duration) {
		Result("ms", float64(d.Nanoseconds())/1e6)
	})
}

// Count prints how much has been done so far, for the program that measures what each takes of the processors.
func Count(done int64) {
	fmt.Println("COUNT", done)
}

// Result prints one value for the program that compares.
func Result(unit string, value float64) {
	fmt.Println("RESULT", unit, strconv.FormatFloat(value, 'f', -1, 64))
}

// Check ends a program whose answer is wrong: a fast wrong answer must not become a figure.
func Check(ok bool, what string) {
	if !ok {
		panic("wrong result: " + what)
	}
}

func repeat(repetitions int, body func(), report func(time.Duration)) {
	for start := time.Now(); time.Since(start) < warmUp; {
		body()
	}
	for i := 0; i < repetitions; i++ {
		start := time.Now()
		body()
		report(time.Since(start))
	}
}
