package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
)

const (
	productTopic = "shopmesh.catalog.product.v1"
	stockTopic   = "shopmesh.inventory.stock.v1"
)

// level is an event of inventory.
func level(product uuid.UUID, available, version int64) outbox.Event {
	return outbox.Event{Topic: stockTopic, Key: product, Version: version, Message: &inventoryv1.StockLevelChanged{
		Stock: &inventoryv1.Stock{ProductId: product.String(), Available: available, OnHand: available}, Version: version,
	}}
}

func (s harness) read(t *testing.T, code string) *catalogv1.Product {
	t.Helper()
	res, err := s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Code: code})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetProduct()
}

// available publishes a level and waits until the catalog knows it.
func (s harness) available(t *testing.T, code string, quantity int64) {
	t.Helper()
	s.events.Publish(level(uuid.MustParse(s.read(t, code).GetId()), quantity, 1))
	s.handled.Wait(t, "the catalog knows what is available", func() bool {
		var known bool
		err := s.pool.QueryRow(t.Context(), `select exists (
			select from availability a join products p on p.id = a.product_id where p.code = $1)`, code).Scan(&known)
		return err == nil && known && s.read(t, code).GetAvailableQuantity() == quantity
	})
}

// applied waits until all that was published is applied: a last event, of a
// product of its own, is known.
func (s harness) applied(t *testing.T) {
	t.Helper()
	last := uuid.New()
	s.events.Publish(level(last, 1, 1))
	s.handled.Wait(t, "the last event is applied", func() bool {
		var known bool
		err := s.pool.QueryRow(t.Context(), `select exists (select from availability where product_id = $1)`, last).Scan(&known)
		return err == nil && known
	})
}

func TestOnlyANewerLevelCounts(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	for name, row := range map[string]struct {
		versions []int64 // the level of version n is 10 n
		want     int64
	}{
		"in order":                 {[]int64{1, 2, 3}, 30},
		"the newest first":         {[]int64{3, 1, 2}, 30},
		"the same twice":           {[]int64{2, 2}, 20},
		"published again at last":  {[]int64{1, 2, 1}, 20},
		"published again at first": {[]int64{1, 1, 2}, 20},
		"with a hole":              {[]int64{7}, 70},
		"a version that is 0":      {[]int64{0}, 0},
		"back and forth again":     {[]int64{1, 5, 2, 5, 4}, 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := strings.ReplaceAll(name, " ", "-")
			product := s.product(t, code, category, 1)
			id := uuid.MustParse(product.GetId())
			levels := make([]outbox.Event, len(row.versions))
			for i, version := range row.versions {
				levels[i] = level(id, 10*version, version)
			}
			// Once in one batch beside others, and once more each on its own.
			s.events.Publish(slices.Concat([]outbox.Event{level(uuid.New(), 1, 1)}, levels, []outbox.Event{level(uuid.New(), 2, 2)})...)
			s.applied(t)
			for _, level := range levels {
				s.events.Publish(level)
			}
			s.applied(t)
			got := s.read(t, code)
			if got.GetAvailableQuantity() != row.want {
				t.Fatalf("%d are available, want %d", got.GetAvailableQuantity(), row.want)
			}
			if got.GetEtag() != product.GetEtag() || !proto.Equal(got.GetUpdateTime(), product.GetUpdateTime()) {
				t.Fatal("what is available changed the product's version")
			}
		})
	}
}

// A level may come before the product is known, as after a restore.
func TestALevelIsKeptForAProductThatComesLater(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	id := uuid.New()
	s.events.Publish(level(id, 12, 4))
	s.applied(t)
	category := uuid.MustParse(s.category(t, "Tea", "").GetId())
	if _, err := s.pool.Exec(t.Context(), `
		insert into products (id, code, name, description, category_id, price_currency, price_amount, price_major,
			status, attributes, images, version, create_time, update_time)
		values ($1, 'TEA-1', 'Tea', '', $2, 'EUR', 1, 0.01, 'ACTIVE', '{}', '[]', 1, now(), now())`, id, category); err != nil {
		t.Fatal(err)
	}
	if got := s.read(t, "TEA-1").GetAvailableQuantity(); got != 12 {
		t.Fatalf("%d are available, want 12", got)
	}
}

// An event that can't be applied becomes a dead letter, and the others go on.
func TestABrokenEventStopsNoOther(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	good := uuid.MustParse(s.product(t, "GOOD", category, 1).GetId())
	bad := uuid.New()
	s.events.Publish(
		level(bad, -1, 1),
		outbox.Event{ // not for the catalog
			Topic: stockTopic, Key: good, Version: 1, Message: &inventoryv1.StockReserved{OrderId: good.String(), Version: 1},
		},
		level(good, 7, 2),
	)
	s.applied(t)
	if got := s.read(t, "GOOD").GetAvailableQuantity(); got != 7 {
		t.Fatalf("%d are available, want 7", got)
	}
	var deadLetters int
	if err := s.pool.QueryRow(t.Context(), `select count(*) from dead_letters`).Scan(&deadLetters); err != nil || deadLetters != 1 {
		t.Fatalf("%d dead letters, %v", deadLetters, err)
	}
}

func TestEveryChangeOfAProductIsPublished(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	product := s.product(t, "TEA-1", s.category(t, "Tea", "").GetId(), 499)
	if _, err := s.update(t, &catalogv1.Product{Id: product.GetId(), Name: "Renamed"}, "name"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.update(t, &catalogv1.Product{Id: product.GetId(), Name: "Renamed"}, "name"); err != nil {
		t.Fatal(err)
	}
	s.available(t, "TEA-1", 3)
	for range 2 {
		if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: product.GetId()}); err != nil {
			t.Fatal(err)
		}
	}
	published := s.published(t, product.GetId(), 3)
	for i, change := range published {
		if change.GetVersion() != int64(i+1) || change.GetProduct().GetAvailableQuantity() != 0 {
			t.Fatalf("event %d is %v", i, change)
		}
	}
	if !proto.Equal(published[0].GetProduct(), product) {
		t.Fatalf("published %v, created %v", published[0].GetProduct(), product)
	}
	last := s.read(t, "TEA-1")
	last.AvailableQuantity = 0
	if !proto.Equal(published[2].GetProduct(), last) {
		t.Fatalf("published %v, is %v", published[2].GetProduct(), last)
	}
}

// published returns the next n events of a product, in their order, without those that
// are published again.
func (s harness) published(t *testing.T, key string, n int) []*catalogv1.ProductChanged {
	t.Helper()
	var published []*catalogv1.ProductChanged
	for len(published) < n {
		change := &catalogv1.ProductChanged{}
		s.events.Next(productTopic, uuid.MustParse(key), change)
		if len(published) == 0 || published[len(published)-1].GetVersion() != change.GetVersion() {
			published = append(published, change)
		}
	}
	return published
}
