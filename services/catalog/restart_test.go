package catalog_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// After a restart an empty broker gets what changed in the last day, and of
// nothing older.
func TestARestartRepublishesWhatTheBrokerMayHaveLost(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	old, archived, fresh := s.product(t, "OLD", category, 100), s.product(t, "ARCHIVED", category, 100), s.product(t, "FRESH", category, 100)
	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: archived.GetId()}); err != nil {
		t.Fatal(err)
	}
	s.stop()
	s.lose(t)
	if _, err := s.pool.Exec(t.Context(), `update products set update_time = $2 where id = $1`, old.GetId(), time.Now().Add(-25*time.Hour)); err != nil {
		t.Fatal(err)
	}

	s.broker = testkit.Broker(t)
	s = s.again(t, owner())
	s.events = testkit.NewEvents(t, s.broker, productTopic)
	if got := s.published(t, archived.GetId(), 1)[0]; got.GetVersion() != 2 || !proto.Equal(got.GetProduct(), s.read(t, "ARCHIVED")) {
		t.Errorf("published %v of the archived product", got)
	}
	if got := s.published(t, fresh.GetId(), 1)[0]; got.GetVersion() != 1 || !proto.Equal(got.GetProduct(), fresh) {
		t.Errorf("published %v, created %v", got, fresh)
	}
	// Its next change is the first that is published.
	if _, err := s.update(t, &catalogv1.Product{Id: old.GetId(), Name: "Renamed"}, "name"); err != nil {
		t.Fatal(err)
	}
	if got := s.published(t, old.GetId(), 1)[0]; got.GetVersion() != 2 {
		t.Errorf("published version %d of the old product, want nothing before 2", got.GetVersion())
	}
}

// lose empties the outbox of a process that has stopped, as if its relay had published
// everything to a broker that is lost. What its republisher wrote at its end would
// otherwise be published by the next process, however old it is.
func (s harness) lose(t *testing.T) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), `delete from outbox`); err != nil {
		t.Fatal(err)
	}
}
