// Maps: goroutines fill maps of their own with records under scattered keys, look half of them up, change what they
// find and delete the rest, over and over. Time for all.
package main

import "skein/bench/internal/harness"

const (
	goroutines = 8
	rounds     = 4
)

type record struct {
	key, changes int64
}

// key is the i-th key: another number for each.
func key(i int64) int64 {
	return int64(uint64(i)*0x9e3779b97f4a7c15) ^ i<<7
}

func churn(first, entries int64, done chan<- int64) {
	records := make(map[int64]*record)
	var changes int64
	for round := int64(0); round < rounds; round++ {
		from := first + round*entries
		for i := from; i < from+entries; i++ {
			records[key(i)] = &record{key: key(i)}
		}
		for i := from; i < from+entries; i += 2 {
			r := records[key(i)]
			harness.Check(r.key == key(i), "a record stands under its key")
			r.changes++
			changes += r.changes
		}
		for i := from + 1; i < from+entries; i += 2 {
			delete(records, key(i))
		}
	}
	harness.Check(int64(len(records)) == rounds*entries/2, "the records left")
	done <- changes
}

func main() {
	entries := int64(harness.Arg(0, 100_000))
	harness.Total(harness.Arg(1, 3), func() {
		done := make(chan int64)
		for i := int64(0); i < goroutines; i++ {
			go churn(i<<32, entries, done)
		}
		var changes int64
		for i := 0; i < goroutines; i++ {
			changes += <-done
		}
		harness.Check(changes == goroutines*rounds*entries/2, "the changes")
	})
}
