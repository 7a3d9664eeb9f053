// Leaving loops from within.
package main

import "fmt"

type labelled struct {
	v    int
	next *labelled
}

func searchGrid(grid [][]int, want int) (int, int) {
	x, y := -1, -1
search:
	for i, row := range grid {
		for j, v := range row {
			if v < 0 {
				continue search
			}
			if v == want {
				x, y = i, j
				break search
			}
		}
	}
	return x, y
}
func nestedLoops(n int) int {
	c := 0
outer:
	for {
		for {
			for {
				c++
				if c%7 == 0 {
					continue outer
				}
				if c > n {
					break outer
				}
				if c%5 == 0 {
					break
				}
			}
			c += 2
		}
	}
	return c
}
func labelledSwitch(xs []string) string {
	out := ""
loop:
	for i := 0; i < len(xs); i++ {
	sw:
		switch xs[i] {
		case "skip":
			continue loop
		case "stop":
			break loop
		case "inner":
			for j := 0; j < 5; j++ {
				switch {
				case j == 1:
					continue
				case j == 3:
					out += "!"
					break sw
				case j == 4:
					break loop
				}
				out += fmt.Sprint(j)
			}
			out += "never"
		case "deep":
			for {
				switch {
				default:
					continue loop
				}
			}
		default:
			out += xs[i]
		}
		out += ","
	}
	return out
}
func returnsFromWithin(n int) int {
outer:
	for {
		for i := 0; ; i++ {
			if i > n {
				return i
			}
			if i == 3 {
				n--
				continue outer
			}
		}
	}
}
func closuresInLabelled() []func() int {
	var fs []func() int
outer:
	for i := 0; i < 4; i++ {
		for j := 0; j < 4; j++ {
			if j == i {
				continue outer
			}
			if i == 3 && j == 2 {
				break outer
			}
			fs = append(fs, func() int {
			in:
				for k := 0; ; k++ {
					for {
						if k > i {
							break in
						}
						continue in
					}
				}
				return i*10 + j
			})
		}
	}
	return fs
}
func sameLabels() int {
	n := 0
a:
	for i := 0; i < 3; i++ {
		for j := 0; j < 3; j++ {
			if j == 1 {
				continue a
			}
			n++
		}
	}
a2:
	for i := 0; i < 3; i++ {
	b:
		for j := 0; j < 3; j++ {
			for k := 0; k < 3; k++ {
				n++
				switch {
				case k == 2:
					continue b
				case i == 1 && j == 1:
					continue a2
				case i == 2 && j == 2:
					break a2
				case i == 0 && k == 1:
					break b
				}
			}
		}
	}
	return n
}
func labels() {
	fmt.Println(searchGrid([][]int{{1, -1, 5}, {2, 3}, {5}}, 5))
	fmt.Println(searchGrid([][]int{{1}}, 5))
	fmt.Println(nestedLoops(100), nestedLoops(3))
	fmt.Println(labelledSwitch([]string{"a", "skip", "inner", "b", "deep", "c", "stop", "d"}))
	fmt.Println(returnsFromWithin(2), returnsFromWithin(6))
	for _, f := range closuresInLabelled() {
		fmt.Print(f(), " ")
	}
	fmt.Println()
	fmt.Println(sameLabels())
	var last *labelled
	list := &labelled{1, &labelled{2, &labelled{3, nil}}}
outer:
	for n := list; n != nil; n = n.next {
		for m := n; ; m = m.next {
			if m == nil {
				continue outer
			}
			if m.v*n.v == 6 {
				last = n
				break outer
			}
		}
	}
	fmt.Println(last.v)
	// do..while like, with recover inside
	tries := 0
retry:
	for {
		for attempt := range 3 {
			tries++
			err := func() (err error) {
				defer func() {
					if r := recover(); r != nil {
						err = fmt.Errorf("%v", r)
					}
				}()
				if attempt < 2 {
					panic("no")
				}
				return nil
			}()
			if err != nil {
				continue
			}
			if tries < 6 {
				continue retry
			}
			break retry
		}
	}
	fmt.Println(tries)
	m := map[string][]int{"a": {1, 2}, "b": {3}}
	total := 0
maps:
	for k, v := range m {
		for _, x := range v {
			if k == "a" && x == 2 {
				continue maps
			}
			total += x
		}
	}
	fmt.Println(total)
}
