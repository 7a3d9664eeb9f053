// Strings: goroutines compose texts of words, take them apart again, count the words in a map, and write a report of
// the counts. Time for all.
package main

import (
	"strconv"
	"strings"

	"skein/bench/internal/harness"
)

const (
	goroutines = 8
	texts      = 4
	// vocabulary is the number of different words.
	vocabulary = 5000
)

var syllables = []string{"ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu"}

func word(n uint32) string {
	text := ""
	for rest := n + 1; rest > 0; rest /= 10 {
		text += syllables[rest%10]
	}
	return text
}

func compose(words int, seed uint32) string {
	var parts []string
	for i := 0; i < words; i++ {
		seed = seed*1664525 + 1013904223
		parts = append(parts, word((seed>>8)%vocabulary))
	}
	return strings.Join(parts, " ")
}

// report returns the counts of the text's words, a line each.
func report(text string) string {
	counts := make(map[string]int)
	for _, part := range strings.Split(strings.ToUpper(text), " ") {
		counts[part]++
	}
	var lines []string
	for word, count := range counts {
		lines = append(lines, word+"="+strconv.Itoa(count))
	}
	return strings.Join(lines, "\n")
}

// sum returns the sum of a report's counts.
func sum(report string) int {
	sum := 0
	for _, line := range strings.Split(report, "\n") {
		count, err := strconv.Atoi(line[strings.Index(line, "=")+1:])
		if err != nil {
			panic(err)
		}
		sum += count
	}
	return sum
}

func write(words int, seed uint32, done chan<- int) {
	counted := 0
	for i := uint32(0); i < texts; i++ {
		counted += sum(report(compose(words, seed+i)))
	}
	done <- counted
}

func main() {
	words := harness.Arg(0, 20_000)
	harness.Total(harness.Arg(1, 3), func() {
		done := make(chan int)
		for i := uint32(0); i < goroutines; i++ {
			go write(words, i*7919, done)
		}
		counted := 0
		for i := 0; i < goroutines; i++ {
			counted += <-done
		}
		harness.Check(counted == goroutines*texts*words, "the words counted")
	})
}
