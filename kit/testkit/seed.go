package testkit

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// seedVariable holds the seed of a random test that is to be replayed.
const seedVariable = "SHOPMESH_TEST_SEED"

// Seed returns a fresh seed for a random test, or the one that is to be replayed, and logs
// the command that replays the test of a package, such as "./services/payment".
func Seed(tb testing.TB, testedPackage string) uint64 {
	tb.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			tb.Fatalf("%s: %v", seedVariable, err)
		}
	}
	tb.Logf("replay: %s=%d go test %s -run '^%s$'", seedVariable, seed, testedPackage, tb.Name())
	return seed
}
