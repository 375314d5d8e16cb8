package testkit

import (
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/shopmesh/shopmesh/kit/kafka"
)

// Broker returns the address of an in-memory broker that nobody else uses. It ends
// with the test. Topics are created by kafka.EnsureTopics.
func Broker(tb testing.TB) kafka.Config {
	tb.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		tb.Fatalf("start a broker for the test: %v", err)
	}
	tb.Cleanup(cluster.Close)
	return kafka.Config{Brokers: cluster.ListenAddrs(), ClientID: "test", Embedded: true, Log: Log(tb)}
}

// Patience is how long a test waits for what must come: no test passes or fails by how
// fast the machine is, which others may use, too.
const Patience = 3 * time.Minute

// Eventually fails the test unless cond becomes true within Patience. It polls every few
// milliseconds, from the test's goroutine. what completes the sentence "waited in vain
// until …".
func Eventually(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if cond() {
			return
		}
		select {
		case <-deadline.C:
			if !cond() {
				tb.Fatalf("waited in vain until %s (%v)", what, Patience)
			}
			return
		case <-tick.C:
		}
	}
}

// Log writes to the test's output, and nowhere once the test is over: what runs on
// in the background must not fail a test that has ended.
func Log(tb testing.TB) *slog.Logger {
	tb.Helper()
	out := &output{to: tb.Output()}
	tb.Cleanup(out.end)
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

type output struct {
	mu sync.Mutex
	to io.Writer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.to == nil {
		return len(p), nil
	}
	return o.to.Write(p)
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.to = nil
}

// isMissing reports that a database does not exist.
func isMissing(err error) bool { return hasCode(err, "3D000") }

// isInUse reports that a database has connections.
func isInUse(err error) bool { return hasCode(err, "55006") }

func hasCode(err error, code string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == code
}
