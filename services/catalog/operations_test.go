package catalog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/catalog"
	"github.com/shopmesh/shopmesh/services/catalog/internal/operations"
)

func TestAnAuditFindsStockOfProductsThatAreLost(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, catalog.Migrations())
	producer, err := kafka.NewProducer(testkit.Broker(t))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	operations := operations.New(pool, outbox.NewRelay("catalog", pool, producer, outbox.Config{}), nil)
	states := func() (records []*operationsv1.AuditRecord) {
		t.Helper()
		err := operations.Audit(t.Context(), func(record *operationsv1.AuditRecord) error {
			records = append(records, record)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return records
	}
	if records := states(); len(records) != 0 {
		t.Fatalf("an empty catalog states %v", records)
	}
	lost := uuid.New()
	if _, err := pool.Exec(t.Context(), `insert into availability (product_id, available, version) values ($1, 3, 1)`, lost); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `insert into outbox (topic, key, version, type, source, payload, traceparent, create_time)
		values ('t', $1, 1, 'x', '/shopmesh/catalog', '', '', now())`, lost); err != nil {
		t.Fatal(err)
	}
	records := states()
	if len(records) != 2 || records[0].GetFinding().GetKind() != "STOCK_WITHOUT_PRODUCT" || records[0].GetFinding().GetSubject() != lost.String() {
		t.Fatalf("it states %v", records)
	}
	if want := (&operationsv1.Pending{Kind: "OUTBOX", Count: 1, Context: "catalog"}); !proto.Equal(records[1].GetPending(), want) {
		t.Fatalf("it states %v, want %v", records[1], want)
	}
}

// A price without a currency has that of the shop.
func TestThePricesOfAShopHaveItsCurrency(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	s.stop()
	s.settings = filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(s.settings, []byte(`{"shop": {"currency": "JPY"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s = s.again(t, owner())
	made := s.create(t, &catalogv1.Product{Code: "LAMP", Name: "Lamp", CategoryId: s.category(t, "Lamps", "").GetId(), Price: &money.Money{Units: 5}})
	if price := made.GetPrice(); price.GetCurrencyCode() != "JPY" || price.GetUnits() != 5 {
		t.Errorf("the price is %v", price)
	}
}
