package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/catalog"
	"github.com/shopmesh/shopmesh/services/catalog/internal/app"
	"github.com/shopmesh/shopmesh/services/catalog/internal/events"
)

// harness is a catalog's database without a relay, at a time that stands still.
type harness struct {
	*outbox.Republisher

	pool    *pg.Pool
	now     time.Time
	written chan struct{} // gets one when a transaction that wrote to the outbox was committed
}

func newHarness(t *testing.T) harness {
	t.Helper()
	s := harness{pool: testkit.Database(t, catalog.Migrations()), now: time.Now().UTC().Truncate(time.Microsecond), written: make(chan struct{}, 100)}
	s.Republisher = (&app.Products{Deps: app.Deps{
		Pool: s.pool, ToOutbox: events.ToOutbox, Wake: func() { s.written <- struct{}{} }, Now: func() time.Time { return s.now },
	}}).Republisher()
	s.exec(t, `insert into categories (id, parent_id, name, name_key, description, version, create_time, update_time)
		values ('00000000-0000-7000-8000-000000000000', null, 'Tea', 'tea', '', 1, now(), now())`)
	return s
}

func (s harness) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// put adds n products that changed at a time; the first has the code given.
func (s harness) put(t *testing.T, code string, n int, changed time.Time) {
	t.Helper()
	s.exec(t, `
		insert into products (id, code, name, description, category_id, price_currency, price_amount, price_major,
			status, attributes, images, version, create_time, update_time)
		select gen_random_uuid(), $1 || case when i > 1 then '-' || i else '' end, 'Tea', '', '00000000-0000-7000-8000-000000000000',
			'EUR', 1, 0.01, 'ACTIVE', '{}', '[]', 7, $3, $3
		from generate_series(1, $2) i`, code, n, changed)
}

// published returns the codes of the products in the outbox, sorted.
func (s harness) published(t *testing.T) []string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `
		select p.code from outbox o join products p on p.id = o.key and p.version = o.version and p.update_time = o.create_time
		where o.type = 'shopmesh.catalog.v1.ProductChanged' and o.topic = $1`, events.ProductTopic)
	if err != nil {
		t.Fatal(err)
	}
	codes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(codes)
	return codes
}

func TestWhatChangedInTheLastDayIsRepublished(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, row := range map[string]struct {
		changed map[string]time.Duration // how long ago
		want    []string
	}{
		"nothing":                     {nil, nil},
		"within and beyond":           {map[string]time.Duration{"new": 0, "edge": day, "old": day + time.Microsecond}, []string{"edge", "new"}},
		"after a week of rest":        {map[string]time.Duration{"new": 7 * day, "day": 8 * day, "old": 9 * day}, []string{"day", "new"}},
		"a clock that once ran ahead": {map[string]time.Duration{"ahead": -365 * day, "new": time.Hour, "old": 2 * day}, []string{"ahead", "new"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newHarness(t)
			for code, ago := range row.changed {
				s.put(t, code, 1, s.now.Add(-ago))
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

// However many changed, no more than one batch waits in the outbox at a time, and
// what is cut off goes on where it was.
func TestWhatIsRepublishedWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.put(t, "tea", 1200, s.now)
	all := map[string]bool{}
	for range 2 { // the batch fills the outbox, and nothing follows
		cut, cancel := context.WithTimeout(t.Context(), testkit.Patience)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- s.All(cut) }()
		// A batch is known to be written once its commit was answered; one that is cut off
		// before that is written again.
		select {
		case <-s.written:
		case err := <-ended:
			t.Fatalf("ended with %v", err)
		}
		if n := len(s.published(t)); n != 500 {
			t.Errorf("%d events wait, want a batch", n)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatalf("ended with %v", err)
		}
		for _, code := range s.published(t) {
			all[code] = true
		}
		s.exec(t, `delete from outbox`)
	}
	if err := s.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	rest := s.published(t)
	for _, code := range rest {
		all[code] = true
	}
	if len(rest) != 200 || len(all) != 1200 {
		t.Errorf("the last batch republished of %d products, all together of %d", len(rest), len(all))
	}
}
