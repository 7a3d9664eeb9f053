// Words: how often each word stands in a text, which is read letter by letter.
package main

import (
	"strings"

	"skein/bench/internal/harness"
)

// vocabulary counts the different words.
const vocabulary = 20_000

func isLetter(unit byte) bool {
	return unit >= 'a' && unit <= 'z'
}

func compose(count int) string {
	var parts []string
	seed := uint32(1)
	for i := 0; i < count; i++ {
		seed = seed*1664525 + 1013904223
		word := ""
		for rest := (seed>>8)%vocabulary + 1; rest > 0; rest /= 26 {
			word += string(rune('a' + rest%26))
		}
		parts = append(parts, word)
	}
	return strings.Join(parts, ", ")
}

func countWords(text string) map[string]int32 {
	counts := make(map[string]int32)
	start := -1
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isLetter(text[i]) {
			if start < 0 {
				start = i
			}
		} else if start >= 0 {
			counts[text[start:i]]++
			start = -1
		}
	}
	return counts
}

func main() {
	count := harness.Arg(0, 300_000)
	text := compose(count)
	harness.Total(harness.Arg(1, 5), func() {
		sum := 0
		for _, n := range countWords(text) {
			sum += int(n)
		}
		harness.Check(sum == count, "the words counted")
	})
}
