package notification_test

import (
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/outbox"
)

// BenchmarkMails is how fast confirmations become mails in the built-in inbox, which
// syncs to disk: b.N mails from the order's event to the recorded outcome.
func BenchmarkMails(b *testing.B) {
	s := open(b, options{})
	all := make([]outbox.Event, b.N)
	for i := range all {
		all[i] = newOrder().confirmed()
	}
	b.ResetTimer()
	for i := 0; i < len(all); i += 500 {
		s.say(all[i:min(i+500, len(all))]...)
	}
	for sent := 0; sent < b.N; {
		if err := s.pool.QueryRow(b.Context(), "select count(*) from notifications where status = 2").Scan(&sent); err != nil {
			b.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
