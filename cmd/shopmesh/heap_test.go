package main

import "testing"

// The heap always has room for twice what lives, however much that is.
func TestMemoryForAHeap(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int64{
		0:        usualMemory,
		30 << 20: usualMemory,
		33 << 20: usualMemory,
		64 << 20: 160 << 20,
		1 << 63:  1<<51 + restOfMemory,
	} {
		if got := memoryFor(live); got != want {
			t.Errorf("%d live bytes may take %d, want %d", live, got, want)
		}
	}
}
