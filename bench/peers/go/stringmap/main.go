// Stringmap: a map of texts is filled, looked up, also for what it has not, and thinned out.
package main

import (
	"strconv"

	"skein/bench/internal/harness"
)

func keys(prefix string, entries int) []string {
	var keys []string
	for i := 0; i < entries; i++ {
		keys = append(keys, prefix+strconv.Itoa(i*7919))
	}
	return keys
}

func main() {
	entries := harness.Arg(0, 200_000)
	present, absent := keys("user:", entries), keys("item:", entries)
	harness.Total(harness.Arg(1, 5), func() {
		ages := make(map[string]int32)
		for i := 0; i < entries; i++ {
			ages[present[i]] = int32(i)
		}
		var sum int64
		for i := 0; i < entries; i++ {
			if age, ok := ages[present[i]]; ok {
				sum += int64(age)
			}
			if _, ok := ages[absent[i]]; ok {
				sum++
			}
		}
		for i := 0; i < entries; i += 2 {
			delete(ages, present[i])
		}
		harness.Check(sum == int64(entries)*int64(entries-1)/2, "the sum")
		harness.Check(len(ages) == entries/2, "what is left")
	})
}
