package rpc_test

import (
	"flag"
	"testing"
)

// TestMain runs more tests at once than there are cores: most of them wait, for the ends of
// deadlines that can't be made shorter.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	m.Run()
}
