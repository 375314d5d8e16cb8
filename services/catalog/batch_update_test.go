package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// priced is a row that gives a product a price.
func priced(product *catalogv1.Product, cents int64) *catalogv1.UpdateProductRequest {
	return &catalogv1.UpdateProductRequest{
		Product:    &catalogv1.Product{Id: product.GetId(), Etag: product.GetEtag(), Price: euros(cents)},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price"}},
	}
}

func (s harness) updateAll(t *testing.T, rows ...*catalogv1.UpdateProductRequest) []*catalogv1.UpdateProductOutcome {
	t.Helper()
	res, err := s.products.BatchUpdateProducts(t.Context(), &catalogv1.BatchUpdateProductsRequest{Requests: rows})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.GetOutcomes()) != len(rows) {
		t.Fatalf("%d outcomes for %d rows", len(res.GetOutcomes()), len(rows))
	}
	return res.GetOutcomes()
}

// A price list of 50 rows with three that can't be: 47 are done, three are named with their
// reasons, and the list sent again does nothing more. Each change is published and in the
// activity log once.
func TestAPriceListIsDoneRowByRowAndOnce(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	log := testkit.NewEvents(t, s.broker, kitapp.ActivityTopic("catalog").Name)
	category := s.category(t, "Tea", "").GetId()
	rows := make([]*catalogv1.UpdateProductRequest, 50)
	for i := range rows {
		rows[i] = priced(s.product(t, fmt.Sprint("TEA-", i), category, 499), 599)
	}
	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: rows[20].GetProduct().GetId()}); err != nil {
		t.Fatal(err)
	}
	rows[20].Product.Etag = ""
	rows[7].Product.Id = uuid.NewString()
	rows[49].Product.Price.Units = -1
	first := s.updateAll(t, rows...)
	for i, outcome := range first {
		if slices.Contains([]int{7, 20, 49}, i) {
			continue
		}
		if got := outcome.GetProduct(); !proto.Equal(got.GetPrice(), euros(599)) || got.GetEtag() == rows[i].GetProduct().GetEtag() {
			t.Errorf("row %d: %v", i, outcome)
		}
	}
	for i, want := range map[int]string{
		7: "NOT_FOUND PRODUCT_NOT_FOUND []", 20: "FAILED_PRECONDITION PRODUCT_ARCHIVED []", 49: "INVALID_ARGUMENT INVALID_FIELD [product.price.nanos]",
	} {
		refusal := first[i].GetRefusal()
		var fields []string
		for _, violation := range refusal.GetViolations() {
			fields = append(fields, violation.GetField())
		}
		if got := fmt.Sprintf("%s %s %v", refusal.GetCode(), refusal.GetReason(), fields); got != want || refusal.GetMessage() == "" {
			t.Errorf("row %d: %s (%v), want %s", i, got, refusal, want)
		}
	}
	if again := s.updateAll(t, rows...); !slices.EqualFunc(again, first, func(a, b *catalogv1.UpdateProductOutcome) bool { return proto.Equal(a, b) }) {
		t.Errorf("sent again it answers %v, first %v", again, first)
	}
	const before = 1 + 50 + 1 // the category, the products, and one that was archived
	entries := doneEntries(t, log, before+47)
	if len(entries) != before+47 {
		t.Errorf("%d entries in the activity log, want %d", len(entries), before+47)
	}
	if got := testkit.Described(entries[before]); !strings.HasPrefix(got, "shopmesh.catalog.v1.ProductService/BatchUpdateProducts products/"+rows[0].GetProduct().GetId()+": price=") {
		t.Errorf("the first row is recorded as %s", got)
	}
}

// doneEntries are those of the activity log about what was done, once there are count: rows
// that are refused have entries, too, some seconds later.
func doneEntries(t *testing.T, log *testkit.Events, count int) (entries []*activityv1.Activity) {
	t.Helper()
	read := func(e consumer.Event) *activityv1.Activity {
		var recorded activityv1.ActivityRecorded
		if err := consumer.Decode(e, &recorded); err != nil {
			t.Fatal(err)
		}
		return recorded.GetActivity()
	}
	for _, e := range log.Wait(count, func(e consumer.Event) bool { return read(e).GetOutcome() == activityv1.Outcome_OUTCOME_DONE }) {
		entries = append(entries, read(e))
	}
	return entries
}

// Somebody else's change meanwhile is not overwritten by a row that was sent again.
func TestABatchSentAgainOverwritesNobody(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	tea := s.product(t, "TEA-1", s.category(t, "Tea", "").GetId(), 499)
	row := priced(tea, 599)
	s.updateAll(t, row)
	if _, err := s.update(t, &catalogv1.Product{Id: tea.GetId(), Price: euros(699)}, "price"); err != nil {
		t.Fatal(err)
	}
	if got := s.updateAll(t, row)[0].GetRefusal().GetReason(); got != "ETAG_MISMATCH" {
		t.Errorf("refused with %q", got)
	}
	got, err := s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Id: tea.GetId()})
	if err != nil || !proto.Equal(got.GetProduct().GetPrice(), euros(699)) {
		t.Errorf("it costs %v, %v", got.GetProduct().GetPrice(), err)
	}
}

func TestABadBatchIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	tea := s.product(t, "TEA-1", s.category(t, "Tea", "").GetId(), 499)
	good := priced(tea, 599)
	tooMany := make([]*catalogv1.UpdateProductRequest, 51)
	for i := range tooMany {
		tooMany[i] = priced(&catalogv1.Product{Id: uuid.NewString()}, 599)
	}
	upper := proto.CloneOf(good)
	upper.Product.Id = strings.ToUpper(tea.GetId())
	for name, row := range map[string]struct {
		rows  []*catalogv1.UpdateProductRequest
		field string
	}{
		"no row":          {nil, "requests"},
		"too many":        {tooMany, "requests"},
		"one twice":       {[]*catalogv1.UpdateProductRequest{good, upper}, "requests[1].product.id"},
		"one without id":  {[]*catalogv1.UpdateProductRequest{good, {Product: &catalogv1.Product{Name: "x"}}}, "requests[1].product"},
		"a name too long": {[]*catalogv1.UpdateProductRequest{good, {Product: &catalogv1.Product{Id: uuid.NewString(), Name: strings.Repeat("x", 201)}}}, "requests[1].product.name"},
	} {
		_, err := s.products.BatchUpdateProducts(t.Context(), &catalogv1.BatchUpdateProductsRequest{Requests: row.rows})
		t.Run(name, func(t *testing.T) { testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", row.field) })
	}
	got, err := s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Id: tea.GetId()})
	if err != nil || got.GetProduct().GetEtag() != tea.GetEtag() {
		t.Errorf("a refused batch changed %v, %v", got.GetProduct(), err)
	}
}

// A change that was done and whose answer was lost is not refused for its etag when it is sent
// again.
func TestAnUpdateSentAgainWithItsEtagIsDone(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	tea := s.product(t, "TEA-1", s.category(t, "Tea", "").GetId(), 499)
	again := func() (*catalogv1.Product, error) {
		return s.update(t, &catalogv1.Product{Id: tea.GetId(), Etag: tea.GetEtag(), Name: "Green tea"}, "name")
	}
	first, err := again()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := again(); err != nil || !proto.Equal(second, first) {
		t.Errorf("sent again: %v, %v, first %v", second, err, first)
	}
}
