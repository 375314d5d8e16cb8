package notification_test

import (
	"testing"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// BenchmarkMails is how fast confirmations become mails in the built-in inbox, which
// syncs to disk: b.N mails from the order's event to the recorded outcome.
func BenchmarkMails(b *testing.B) {
	s := newHarness(b, options{})
	all := make([]outbox.Event, b.N)
	for i := range all {
		all[i] = newOrder().confirmed()
	}
	b.ResetTimer()
	for i := 0; i < len(all); i += 500 {
		s.publish(all[i:min(i+500, len(all))]...)
	}
	testkit.Eventually(b, "all were sent", func() bool {
		var waiting bool
		err := s.pool.QueryRow(b.Context(), `select count(*) < $1 or exists (select from notifications where due_time is not null)
			from notifications`, b.N).Scan(&waiting)
		return err == nil && !waiting
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
