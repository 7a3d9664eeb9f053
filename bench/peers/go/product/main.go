// Product: that of two square matrices of float64, as slices of rows. Three nested loops, the innermost a dot product.
package main

import "skein/bench/internal/harness"

// filled has factor * (i - j) for element (i, j).
func filled(size, factor int) [][]float64 {
	var rows [][]float64
	for i := 0; i < size; i++ {
		row := make([]float64, size)
		for j := range row {
			row[j] = float64(factor * (i - j))
		}
		rows = append(rows, row)
	}
	return rows
}

func multiply(a, b [][]float64, n int) [][]float64 {
	var c [][]float64
	for i := 0; i < n; i++ {
		row := make([]float64, n)
		for j := 0; j < n; j++ {
			sum := 0.0
			for k := 0; k < n; k++ {
				sum += a[i][k] * b[k][j]
			}
			row[j] = sum
		}
		c = append(c, row)
	}
	return c
}

func main() {
	size := harness.Arg(0, 500)
	a, b := filled(size, 1), filled(size, 2)
	harness.Total(harness.Arg(1, 5), func() {
		c := multiply(a, b, size)
		// Element (0, 0) is the sum of -k * 2k.
		m := float64(size - 1)
		harness.Check(c[0][0] == -m*(m+1)*(2*m+1)/3, "the product")
	})
}
