package domain_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

var (
	dawn  = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	retry = domain.RetryPolicy{After: 30 * time.Second}
)

func at(d time.Duration) domain.Cause {
	return domain.Cause{Time: dawn.Add(d), Actor: "somebody", TraceID: "0af7651916cd43dd8448eb211c80319c"}
}

func euros(cents int64) money.Money { return money.Money{Currency: "EUR", Amount: cents} }

func shelf() map[string]domain.Product {
	return map[string]domain.Product{
		"MUG":  {ID: uuid.New(), Code: "MUG", Name: "Mug", Price: euros(500), Status: domain.ProductActive},
		"CUP":  {ID: uuid.New(), Code: "CUP", Name: "Cup", Price: euros(250), Status: domain.ProductActive},
		"OLD":  {ID: uuid.New(), Code: "OLD", Name: "Old", Price: euros(1), Status: domain.ProductArchived},
		"SOON": {ID: uuid.New(), Code: "SOON", Name: "Soon", Price: euros(1), Status: domain.ProductDraft},
		"YEN":  {ID: uuid.New(), Code: "YEN", Name: "Yen", Price: money.Money{Currency: "JPY", Amount: 100}, Status: domain.ProductActive},
		"GOLD": {ID: uuid.New(), Code: "GOLD", Name: "Gold", Price: euros(math.MaxInt64 / 2), Status: domain.ProductActive},
		"FREE": {ID: uuid.New(), Code: "FREE", Name: "Free", Price: euros(0), Status: domain.ProductActive},
	}
}

func placement() domain.Placement {
	return domain.Placement{
		Address:       domain.Address{RegionCode: "GB", AddressLines: []string{"12 St James's Square"}},
		Contact:       domain.Contact{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com"},
		Lines:         []domain.LineRequest{{Code: "MUG", Quantity: 2}, {Code: "CUP", Quantity: 1}},
		PaymentMethod: "sandbox_ok",
	}
}

func input() domain.PlaceInput {
	return domain.PlaceInput{
		OrderID: uuid.New(), PaymentID: uuid.New(), Number: "7K3M-Q2XD", Products: shelf(),
		PaymentMethods: methods(), Retry: retry,
	}
}

func newOrder(t *testing.T) *domain.Order {
	t.Helper()
	o, _, err := domain.Place(placement(), input(), at(0))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// methods are those that the shop offers: one takes everything, one euros from 0.50 on
// and dinars in tens.
func methods() domain.PaymentMethods {
	return domain.PaymentMethods{
		{Name: "sandbox_ok", Window: 30 * time.Minute, Processing: 7 * 24 * time.Hour},
		{Name: "sandbox_declined", Window: 30 * time.Minute},
		{
			Name: "pm_*", Window: time.Hour, Processing: 7 * 24 * time.Hour, Currencies: []string{"EUR", "KWD", "USD"},
			Limits:  map[string]domain.AmountLimit{"EUR": {Smallest: 50, Largest: 99_999_999}, "KWD": {Smallest: 10, Largest: 99_999_999, Step: 10}},
			Default: domain.AmountLimit{Smallest: 1, Largest: 99_999_999},
		},
	}
}

func policy() domain.Policy { return domain.Policy{Retry: retry, Methods: methods()} }

// apply applies events as one batch and returns the decision.
func apply(t *testing.T, o *domain.Order, events ...domain.InboundEvent) domain.Decision {
	t.Helper()
	cause := at(time.Second)
	inbound := make([]domain.Inbound, len(events))
	for i, event := range events {
		inbound[i] = domain.Inbound{OrderID: o.ID(), Event: event, Actor: cause.Actor, TraceID: cause.TraceID}
	}
	decided, _, err := domain.ApplyAll(map[uuid.UUID]*domain.Order{o.ID(): o}, inbound, policy(), cause.Time)
	if err != nil {
		t.Fatal(err)
	}
	return decided[0].Decision
}

func captured(o *domain.Order) domain.InboundEvent {
	return domain.PaymentCaptured{PaymentID: o.Snapshot().PaymentID, Amount: o.Snapshot().Total}
}

func failed(o *domain.Order) domain.InboundEvent {
	return domain.PaymentFailed{PaymentID: o.Snapshot().PaymentID, Code: "card_declined"}
}

func refunded(o *domain.Order, id uuid.UUID, cents, all int64) domain.InboundEvent {
	return domain.PaymentRefunded{
		RefundID: id, PaymentID: o.Snapshot().PaymentID, Amount: euros(cents), Refunded: euros(all), Captured: o.Snapshot().Total, Reason: "broken",
	}
}

func mail(kind domain.MailKind, subject uuid.UUID) domain.InboundEvent {
	return domain.MailDone{Kind: kind, SubjectID: subject}
}

func awaitsOnly(t *testing.T, o *domain.Order, names ...string) {
	t.Helper()
	if got := o.Snapshot().Awaits.Names(); !slices.Equal(got, names) {
		t.Errorf("awaits %v, want %v", got, names)
	}
	if (o.Snapshot().Awaits != 0 || !o.Snapshot().ExpireTime.IsZero()) == o.Snapshot().DueTime.IsZero() {
		t.Errorf("awaits %v, expires %v, swept at %v", o.Snapshot().Awaits.Names(), o.Snapshot().ExpireTime, o.Snapshot().DueTime)
	}
}

func publishedKinds(c domain.Decision) []domain.EventKind {
	var kinds []domain.EventKind
	for _, s := range c.Events {
		kinds = append(kinds, s.Kind)
	}
	return kinds
}

func wantPublished(t *testing.T, c domain.Decision, kinds ...domain.EventKind) {
	t.Helper()
	if got := publishedKinds(c); !slices.Equal(got, kinds) {
		t.Errorf("published %v, want %v", got, kinds)
	}
}

func TestTheWayOfAnOrderThatGoesWell(t *testing.T) {
	t.Parallel()
	o := newOrder(t)
	wantPublished(t, apply(t, o, domain.StockReserved{}), domain.AwaitingPaymentEvent)
	awaitsOnly(t, o, "PAYMENT")
	c := apply(t, o, captured(o))
	wantPublished(t, c, domain.ConfirmedEvent)
	if c.Events[0].Version != 3 || c.History[0].TraceID != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("published %+v, entry %+v", c.Events, c.History)
	}
	awaitsOnly(t, o, "COMMIT", "CONFIRMATION_MAIL")
	apply(t, o, mail(domain.ConfirmationMail, o.ID()))
	awaitsOnly(t, o, "COMMIT")
	apply(t, o, domain.StockCommitted{})
	awaitsOnly(t, o)
	shipment := uuid.New()
	c, err := o.Ship(shipment, domain.Dispatch{Carrier: "DHL", TrackingCode: "1"}, retry, at(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	wantPublished(t, c, domain.ShippedEvent)
	awaitsOnly(t, o, "SHIPPING_MAIL")
	apply(t, o, mail(domain.ShippingMail, shipment))
	if c, err = o.Deliver(at(time.Hour)); err != nil || c.Events[0].Kind != domain.DeliveredEvent {
		t.Errorf("deliver: %v, %v", c, err)
	}
	awaitsOnly(t, o)
}

func TestAnErasedPersonGetsNoMail(t *testing.T) {
	t.Parallel()
	o := confirmed(t)
	o.Erase(retry, at(time.Minute))
	if o.Snapshot().Contact != (domain.Contact{}) || o.Snapshot().Version != 4 {
		t.Errorf("still there: %+v at version %d", o.Snapshot().Contact, o.Snapshot().Version)
	}
	awaitsOnly(t, o, "COMMIT")
	if _, err := o.Ship(uuid.New(), domain.Dispatch{}, retry, at(time.Minute)); err != nil {
		t.Fatal(err)
	}
	awaitsOnly(t, o, "COMMIT")
	apply(t, o, domain.StockCommitted{}, refunded(o, uuid.New(), 1, 1))
	awaitsOnly(t, o)
}

func TestNumbersAreForPeople(t *testing.T) {
	t.Parallel()
	if got := domain.Number(0); got != "0000-0000" {
		t.Error(got)
	}
	if got := domain.Number(math.MaxUint64); got != "ZZZZ-ZZZZ" {
		t.Error(got)
	}
	if domain.Number(1) == domain.Number(32) || strings.ContainsAny(domain.Number(0x123456789A), "ILOU") {
		t.Error("numbers are mixed up")
	}
}

func TestTheAuditFindsWhatMustNotBe(t *testing.T) {
	t.Parallel()
	history := []domain.Entry{{Version: 1, State: domain.Placed}, {Version: 2, State: domain.AwaitingPayment}, {Version: 3, State: domain.Confirmed}}
	for name, row := range map[string]struct {
		breaks func(*domain.Snapshot, *[]domain.Entry)
		kind   string
	}{
		"nothing":            {func(*domain.Snapshot, *[]domain.Entry) {}, ""},
		"repeated too often": {func(o *domain.Snapshot, _ *[]domain.Entry) { o.RetryCount = domain.StuckAfterRetries }, "ORDER_STUCK"},
		"waits too long":     {func(o *domain.Snapshot, _ *[]domain.Entry) { o.UpdateTime = dawn.Add(-48 * time.Hour) }, "ORDER_STUCK"},
		"a line is gone":     {func(o *domain.Snapshot, _ *[]domain.Entry) { o.Lines = o.Lines[1:] }, "TOTAL_MISMATCH"},
		"another total":      {func(o *domain.Snapshot, _ *[]domain.Entry) { o.Total = euros(1) }, "TOTAL_MISMATCH"},
		"no history":         {func(_ *domain.Snapshot, h *[]domain.Entry) { *h = nil }, "HISTORY_MISMATCH"},
		"another end":        {func(_ *domain.Snapshot, h *[]domain.Entry) { *h = (*h)[:2] }, "HISTORY_MISMATCH"},
		"a forbidden move":   {func(_ *domain.Snapshot, h *[]domain.Entry) { *h = append((*h)[:1:1], (*h)[2]) }, "HISTORY_MISMATCH"},
		"versions fall":      {func(_ *domain.Snapshot, h *[]domain.Entry) { (*h)[1].Version = 1 }, "HISTORY_MISMATCH"},
	} {
		o, entries := confirmed(t).Snapshot(), slices.Clone(history)
		row.breaks(&o, &entries)
		found := domain.Restore(o).Check(entries, dawn.Add(time.Minute))
		if (row.kind == "") != (len(found) == 0) || row.kind != "" && found[0].Kind != row.kind {
			t.Errorf("%s: found %v, want %q", name, found, row.kind)
		}
	}
}
