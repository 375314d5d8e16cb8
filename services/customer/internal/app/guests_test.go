package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// guest stores the erasure of a guest at a time.
func (s harness) guest(t *testing.T, email string, erased time.Time) {
	t.Helper()
	s.exec(t, `insert into guest_erasures (id, email_key, version, erase_time) values ($1, $2, $3, $4)`,
		uuid.New(), email, erased.UnixMicro(), erased)
}

// guests returns the addresses whose erasures are kept, sorted.
func (s harness) guests(t *testing.T) []string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `select email_key from guest_erasures`)
	if err != nil {
		t.Fatal(err)
	}
	emails, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(emails)
	return emails
}

func TestErasuresOfGuestsOfTheLastDayAreRepublished(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.guest(t, "new@example.com", s.now)
	s.guest(t, "edge@example.com", s.now.Add(-24*time.Hour))
	s.guest(t, "old@example.com", s.now.Add(-24*time.Hour-time.Microsecond))
	if err := s.customers.GuestRepublisher().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := s.pool.Query(t.Context(), `select g.email_key from outbox o join guest_erasures g on g.id = o.key and g.version = o.version
		where o.type = 'shopmesh.customer.v1.CustomerErased' and position(g.email_key::bytea in o.payload) > 0 order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	published, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !slices.Equal(published, []string{"edge@example.com", "new@example.com"}) {
		t.Fatalf("published %q, %v", published, err)
	}
}

// An erased guest's address is about a person too: it goes when it can't be needed.
func TestAddressesOfErasedGuestsAreForgotten(t *testing.T) {
	t.Parallel()
	s := newHarness(t)
	s.guest(t, "kept@example.com", s.now.Add(-48*time.Hour))
	s.guest(t, "old@example.com", s.now.Add(-48*time.Hour-time.Microsecond))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.customers.PurgeGuests(ctx) }()
	testkit.Eventually(t, "the old address is deleted", func() bool {
		return slices.Equal(s.guests(t), []string{"kept@example.com"})
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
}
