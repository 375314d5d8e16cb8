package outbox_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A replica that does not lead loses its connection when PostgreSQL restarts, and gets
// another one: nothing is wrong with it any more. It used to report for ever that it had
// no database, before every other condition.
func TestAReplicaThatDoesNotLeadReportsNoConditionForEver(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	topics(t, broker)
	pool := testkit.Database(t, migrations())
	run(t, pool, broker, outbox.Config{})
	testkit.Eventually(t, "the first leads", func() bool {
		_, leaders := lockHolder(t, pool)
		return leaders == 1
	})
	log := &testkit.Lines{}
	second := outbox.NewRelay("second", pool, nil, outbox.Config{Log: log.Log()})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = second.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	testkit.Eventually(t, "the second's connection is ended", func() bool {
		var ended int
		err := pool.QueryRow(t.Context(), `select count(*) filter (where pg_terminate_backend(a.pid)) from pg_stat_activity a
			where a.datname = current_database() and a.query like '%pg_try_advisory_lock%' and a.pid <> pg_backend_pid()
			and not exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory' and l.granted)`).Scan(&ended)
		return err == nil && ended == 1
	})
	testkit.Eventually(t, "its condition has ended", func() bool {
		return strings.Contains(log.String(), "it is over: the relay has no database it can write to") && len(second.Conditions(0)) == 0
	})
}

// Without a database and without a broker both are listed.
func TestAllConditionsAreListed(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	broker.Link = kafka.NewLink(testkit.Log(t))
	topics(t, broker)
	pool := testkit.Database(t, migrations())
	broker.Dial, broker.Brokers = nil, []string{"127.0.0.1:1"}
	relay, _ := run(t, pool, broker, outbox.Config{SoleWriter: true, Link: broker.Link})
	publish(t, pool, relay.Wake, uuid.New(), 1, 1)
	testkit.Eventually(t, "the broker is missed", func() bool { return len(relay.Conditions(0)) > 0 })
	if _, err := pool.Exec(t.Context(), `alter table outbox rename to elsewhere`); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "both are listed", func() bool {
		all := ""
		for _, err := range relay.Conditions(0) {
			all += err.Error() + "\n"
		}
		return strings.Contains(all, "the relay has no database it can write to") && strings.Contains(all, "the broker is away")
	})
}
