// Grep: the lines of a text that a simple pattern (., * and literals) matches anywhere, by Pike's matcher over bytes.
package main

import (
	"fmt"
	"strings"

	"skein/bench/internal/harness"
)

func matchHere(pattern []byte, p int, text []byte, t, end int) bool {
	if p == len(pattern) {
		return true
	}
	if p+1 < len(pattern) && pattern[p+1] == '*' {
		return matchStar(pattern[p], pattern, p+2, text, t, end)
	}
	if t < end && (pattern[p] == '.' || pattern[p] == text[t]) {
		return matchHere(pattern, p+1, text, t+1, end)
	}
	return false
}

func matchStar(unit byte, pattern []byte, p int, text []byte, t, end int) bool {
	for {
		if matchHere(pattern, p, text, t, end) {
			return true
		}
		if t == end || text[t] != unit && unit != '.' {
			return false
		}
		t++
	}
}

func matches(pattern, text []byte, start, end int) bool {
	for t := start; t <= end; t++ {
		if matchHere(pattern, 0, text, t, end) {
			return true
		}
	}
	return false
}

func grep(pattern, text []byte) int {
	found, start := 0, 0
	for i := 0; i < len(text); i++ {
		if text[i] != '\n' {
			continue
		}
		if matches(pattern, text, start, i) {
			found++
		}
		start = i + 1
	}
	return found
}

func compose(lines int) []byte {
	var text strings.Builder
	for i := 0; i < lines; i++ {
		level := "info"
		if i%10 == 0 {
			level = "error"
		}
		fmt.Fprintf(&text, "2026-11-29 %s request %d took %d ms\n", level, i, i*7919%1000)
	}
	return []byte(text.String())
}

func main() {
	lines := harness.Arg(0, 20_000)
	text := compose(lines)
	harness.Total(harness.Arg(1, 5), func() {
		harness.Check(grep([]byte("err.*ms"), text) == lines/10, "the lines with errors")
		harness.Check(grep([]byte("took 9.9 ms"), text) == lines/100, "the slow ones")
	})
}
