package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// gcPercent lets the heap grow to three times what lives before it is collected:
	// under load a seventh of the process' CPU time went into collecting some 30 MiB.
	gcPercent = 200
	// usualMemory is what Go's own memory is held to by collecting earlier. The program's
	// pages, some 43 MiB, come on top: together they stay below 150 MB.
	usualMemory = 100 << 20
	// restOfMemory is Go's memory beside the heap, in round figures: stacks and books.
	restOfMemory = 32 << 20
)

// tendHeap holds the memory down until ctx ends, unless more than usual is in use.
func tendHeap(ctx context.Context) {
	debug.SetGCPercent(gcPercent)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		metrics.Read(live)
		debug.SetMemoryLimit(memoryFor(live[0].Value.Uint64()))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// memoryFor gives a heap room for twice what lives. With less, a shop that is flooded
// would do little but collect.
func memoryFor(live uint64) int64 {
	return max(usualMemory, 2*int64(min(live, 1<<50))+restOfMemory)
}
