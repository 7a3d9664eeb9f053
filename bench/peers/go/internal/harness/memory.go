package harness

import (
	"os"
	"strconv"
	"strings"
)

// Resident returns the process's resident memory in MB. Of Linux.
func Resident() float64 {
	return ofStatus("VmRSS:")
}

// PeakResident returns the most that it was so far.
func PeakResident() float64 {
	return ofStatus("VmHWM:")
}

func ofStatus(name string) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	_, rest, found := strings.Cut(string(text), name)
	fields := strings.Fields(rest)
	Check(found && len(fields) > 0, "there is no "+name)
	kb, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		panic(err)
	}
	return kb / 1024
}
