package embedded

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// After everything is closed no goroutine of any part is left. Not parallel: it looks at all goroutines of the process,
// and parallel tests begin after it.
func TestNothingIsLeftBehind(t *testing.T) {
	data := openDataDir(t, filepath.Join(passableDir(t), "shop"))
	t.Run("all parts at once", func(t *testing.T) {
		startPostgres(t, PostgresConfig{Dir: data.Postgres(), Databases: []string{"orders"}})
		b := startBroker(t, data.Broker(), time.Millisecond)
		createTopic(t, b, testTopic, nil)
		client := brokerClient(t, b, listener(testTopic)...)
		if err := produceNumbered(t.Context(), client, "a", 10); err != nil {
			t.Fatal(err)
		}
		i := openInbox(t, data.Inbox())
		if err := send(dial(t, i.Addr()), message("1", "one"), "ada@example.com"); err != nil {
			t.Fatal(err)
		}
	})
	stacks := make([]byte, 4<<20)
	eventually(t, 10*time.Second, "all goroutines end", func() bool {
		text := string(stacks[:runtime.Stack(stacks, true)])
		for stack := range strings.SplitSeq(text, "\n\n") {
			if strings.Contains(stack, "testing.tRunner") {
				continue // this test
			}
			for _, part := range []string{"kit/embedded", "kfake.", "go-smtp."} {
				if strings.Contains(stack, part) {
					return false
				}
			}
		}
		return true
	})
}
