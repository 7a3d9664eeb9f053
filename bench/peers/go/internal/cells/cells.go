// Package cells makes objects of 32 bytes, for the programs that allocate.
package cells

type cell struct {
	a, b, c, n int64
}

// Kept is how many of the latest objects are kept.
const Kept = 1024

// Allocate makes n objects, and says how many of those that are kept in the end are the right ones.
func Allocate(n int) int {
	kept := new([Kept]*cell)
	for i := 0; i < n; i++ {
		kept[i%Kept] = &cell{n: int64(i)}
	}
	right := 0
	for i := max(0, n-Kept); i < n; i++ {
		if kept[i%Kept].n == int64(i) {
			right++
		}
	}
	return right
}
