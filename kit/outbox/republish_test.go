package outbox_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// shelf is a database with things that changed, and no relay, at a time that stands
// still.
type shelf struct {
	*testing.T

	pool *pg.Pool
	now  time.Time
	// begun, when set, is called in each page's transaction.
	begun func() error
}

func openShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{T: t, pool: testkit.Database(t, migrations()), now: time.Now().UTC().Truncate(time.Microsecond)}
	s.exec(`create table things (id uuid primary key default gen_random_uuid(), name text, change_time timestamptz not null)`)
	return s
}

func (s *shelf) republisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: s.pool, Source: "/shopmesh/test", Wake: func() {}, Now: func() time.Time { return s.now },
		Newest: func(ctx context.Context) (newest time.Time, err error) {
			err = s.pool.QueryRow(ctx, `select coalesce(max(change_time), 'epoch') from things`).Scan(&newest)
			return newest, err
		},
		Page: s.page,
	}
}

func (s *shelf) page(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
	rows, err := tx.Query(ctx, `select id from things where change_time >= $1 and id > $2 order by id limit $3 for update`, since, after, outbox.RepublishRows)
	if err != nil {
		return nil, nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err == nil && s.begun != nil {
		err = s.begun()
	}
	events := make([]outbox.Event, len(ids))
	for i, id := range ids {
		events[i] = outbox.Event{Topic: topic, Key: id, Version: 1, Message: wrapperspb.Int64(1), Time: s.now}
	}
	return ids, events, err
}

func (s *shelf) exec(statement string, args ...any) {
	s.Helper()
	if _, err := s.pool.Exec(s.Context(), statement, args...); err != nil {
		s.Fatal(err)
	}
}

// put adds n things of a name that changed at a time.
func (s *shelf) put(name string, n int, changed time.Time) {
	s.Helper()
	s.exec(`insert into things (name, change_time) select $1, $2 from generate_series(1, $3)`, name, changed, n)
}

// published returns the names of the things whose events are in the outbox, sorted,
// and empties it.
func (s *shelf) published() []string {
	s.Helper()
	rows, err := s.pool.Query(s.Context(), `with gone as (delete from outbox returning key) select t.name from gone join things t on t.id = gone.key`)
	if err != nil {
		s.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func (s *shelf) waiting() int64 {
	s.Helper()
	n, _, err := outbox.Waiting(s.Context(), s.pool, outbox.All)
	if err != nil {
		s.Fatal(err)
	}
	return n
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
			s := openShelf(t)
			for name, ago := range row.changed {
				s.put(name, 1, s.now.Add(-ago))
			}
			if err := s.republisher().All(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := s.published(); !slices.Equal(got, row.want) {
				t.Errorf("republished %q, want %q", got, row.want)
			}
		})
	}
}

// However much changed, no more than one page waits in the outbox at a time. A run that
// was interrupted, or failed, goes on where it stopped.
func TestWhatIsRepublishedWaitsForRoom(t *testing.T) {
	t.Parallel()
	s := openShelf(t)
	s.put("thing", 3*outbox.RepublishRows-100, s.now)
	republisher := s.republisher()
	// A page is known to be written once its commit was answered. One that is cut off before
	// that is written again by the next run.
	written := make(chan struct{}, 3)
	republisher.Wake = func() { written <- struct{}{} }
	republished := 0
	for range 2 { // the page fills the outbox, and nothing follows
		cut, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- republisher.Run(cut) }()
		select {
		case <-written:
		case err := <-ended:
			t.Fatalf("ended with %v", err)
		}
		if n := s.waiting(); n != outbox.RepublishRows {
			t.Errorf("%d events wait, want a page", n)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatalf("ended with %v", err)
		}
		republished += len(s.published())
	}
	broken := errors.New("broken")
	s.begun = func() error { return broken }
	if err := republisher.Run(t.Context()); !errors.Is(err, broken) || s.waiting() != 0 {
		t.Fatalf("a page that failed ended with %v, and wrote %d events", err, s.waiting())
	}
	s.begun = nil
	if err := republisher.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	if republished += len(s.published()); republished != 3*outbox.RepublishRows-100 {
		t.Errorf("republished %d things", republished)
	}
	if err := republisher.All(t.Context()); err != nil || s.waiting() != 0 {
		t.Errorf("a second time it wrote %d events, %v", s.waiting(), err)
	}
}

// Of two replicas one writes a page at a time, so that not both fill the outbox.
func TestReplicasRepublishInTurns(t *testing.T) {
	t.Parallel()
	s := openShelf(t)
	s.put("thing", 10, s.now)
	begun, goOn := make(chan struct{}), make(chan struct{})
	s.begun = func() error {
		select {
		case begun <- struct{}{}:
		case <-t.Context().Done():
		}
		select {
		case <-goOn:
		case <-t.Context().Done():
		}
		return t.Context().Err()
	}
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- s.republisher().All(t.Context()) }()
	}
	<-begun
	testkit.Eventually(t, "the other waits for its turn", func() bool {
		var waits bool
		err := s.pool.QueryRow(t.Context(), `select exists (select from pg_locks where locktype = 'advisory' and not granted
			and database = (select oid from pg_database where datname = current_database()))`).Scan(&waits)
		return err == nil && waits
	})
	select {
	case <-begun:
		t.Error("both are at a page")
	default:
	}
	go func() {
		for range begun { // the pages that follow
		}
	}()
	close(goOn)
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	close(begun)
	if got := s.published(); len(got) != 20 {
		t.Errorf("two replicas republished %d events, want each of 10", len(got))
	}
}

func TestWaitingCountsUpToABound(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations())
	if n, oldest, err := outbox.Waiting(t.Context(), pool, outbox.All); err != nil || n != 0 || !oldest.IsZero() {
		t.Errorf("an empty outbox: %d since %v, %v", n, oldest, err)
	}
	before := time.Now()
	publish(t, pool, nil, uuid.New(), 1, 1)
	after := time.Now()
	publish(t, pool, nil, uuid.New(), 1, 4)
	for most, want := range map[int64]int64{1: 1, 3: 3, 5: 5, outbox.All: 5} {
		n, oldest, err := outbox.Waiting(t.Context(), pool, most)
		if err != nil || n != want || oldest.Before(before.Truncate(time.Microsecond)) || oldest.After(after) {
			t.Errorf("%d at most: %d since %v, %v", most, n, oldest, err)
		}
	}
}
