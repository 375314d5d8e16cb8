package app_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/customer"
	"github.com/shopmesh/shopmesh/services/customer/internal/app"
	"github.com/shopmesh/shopmesh/services/customer/internal/events"
)

// harness is the context's database without a relay, at a time that stands still.
type harness struct {
	*outbox.Republisher

	customers  *app.Customers
	pool       *pg.Pool
	statements *testkit.Statements
	now        time.Time
	written    *testkit.Signal // raised when something was written to the outbox
}

func newHarness(t *testing.T) harness {
	t.Helper()
	s := harness{statements: &testkit.Statements{}, now: time.Now().UTC().Truncate(time.Microsecond), written: &testkit.Signal{}}
	s.pool = testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, customer.Migrations()), Tracer: s.statements})
	s.customers = &app.Customers{Deps: app.Deps{
		Pool: s.pool, ToOutbox: events.ToOutbox, GuestToOutbox: events.GuestToOutbox,
		Wake: s.written.Raise, Now: func() time.Time { return s.now },
	}}
	s.Republisher = s.customers.Republisher()
	return s
}

func (s harness) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// put adds n customers who changed at a time, erased or not.
func (s harness) put(t *testing.T, name string, n int, changed time.Time, erased bool) {
	t.Helper()
	s.exec(t, `
		insert into customers (id, first_name, last_name, email, email_key, phone, erased, version, create_time, update_time)
		select gen_random_uuid(), p.name, p.name, p.name, p.name, '', $4, $5, $3, $3
		from (select i, case when $4 then '' else $1 || i end as name from generate_series(1, $2) i) p`,
		name, n, changed, erased, s.version(name))
}

// version is the version of the customers of a name: what is left of them, once
// they are erased.
func (s harness) version(name string) int64 { return int64(slices.Index(names, name)) + 1 }

// names distinguishes customers.
var names = []string{"new", "edge", "old", "day", "ahead", "kept"}

// published returns the names of the customers in the outbox, sorted.
func (s harness) published(t *testing.T) []string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `
		select o.version from outbox o join customers c on c.id = o.key and c.version = o.version and c.update_time = o.create_time
		where o.type = 'shopmesh.customer.v1.CustomerErased' and o.topic = $1`, events.CustomerTopic)
	if err != nil {
		t.Fatal(err)
	}
	versions, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	var republished []string
	for _, version := range versions {
		republished = append(republished, names[version-1])
	}
	slices.Sort(republished)
	return republished
}

func TestWhoWasErasedInTheLastDayIsRepublished(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, row := range map[string]struct {
		erased map[string]time.Duration // how long ago
		want   []string
	}{
		"nothing":                     {nil, nil},
		"within and beyond":           {map[string]time.Duration{"new": 0, "edge": day, "old": day + time.Microsecond}, []string{"edge", "new"}},
		"after a week of rest":        {map[string]time.Duration{"new": 7 * day, "day": 8 * day, "old": 9 * day}, []string{"day", "new"}},
		"a clock that once ran ahead": {map[string]time.Duration{"ahead": -365 * day, "new": time.Hour, "old": 2 * day}, []string{"ahead", "new"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newHarness(t)
			s.put(t, "kept", 3, s.now, false)
			for name, ago := range row.erased {
				s.put(t, name, 1, s.now.Add(-ago), true)
			}
			if err := s.All(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := s.published(t); !slices.Equal(got, row.want) {
				t.Errorf("republished %q, want %q", got, row.want)
			}
		})
	}
}

// However many were erased, no more than one batch waits in the outbox at a time.
func TestWhatIsRepublishedWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.put(t, "new", 700, s.now, true)
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.All(ctx) }()
	s.written.Wait(t, "a batch is written", func() bool { return len(s.published(t)) == 500 })
	select {
	case err := <-ended:
		t.Fatalf("ended with %v while the outbox was full", err)
	default:
	}
	s.exec(t, `delete from outbox`)
	if err := <-ended; err != nil || len(s.published(t)) != 200 {
		t.Errorf("republished of %d more, error %v", len(s.published(t)), err)
	}
}
