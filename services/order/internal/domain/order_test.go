package domain_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

var (
	dawn = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	ask  = domain.AskPolicy{After: 30 * time.Second}
)

func at(d time.Duration) domain.Moment {
	return domain.Moment{Time: dawn.Add(d), Actor: "somebody", Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
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
		Contact:       domain.Contact{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com"},
		Lines:         []domain.LineRequest{{Code: "MUG", Quantity: 2}, {Code: "CUP", Quantity: 1}},
		PaymentMethod: "sandbox_ok",
	}
}

func given() domain.Given {
	return domain.Given{
		OrderID: uuid.New(), PaymentID: uuid.New(), Number: "7K3M-Q2XD", Products: shelf(),
		PaymentMethods: []string{"sandbox_ok", "sandbox_declined"}, PaymentWindow: 30 * time.Minute, Ask: ask,
	}
}

func newOrder(t *testing.T) *domain.Order {
	t.Helper()
	o, _, err := domain.Place(placement(), given(), at(0))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// hears applies facts one by one and returns all that was said.
func hears(t *testing.T, o *domain.Order, facts ...domain.Fact) domain.Changes {
	t.Helper()
	var c domain.Changes
	for _, fact := range facts {
		if err := o.Hear(fact, ask, at(time.Second), &c); err != nil {
			t.Fatalf("%T: %v", fact, err)
		}
	}
	return c
}

func captured(o *domain.Order) domain.Fact {
	return domain.PaymentCaptured{PaymentID: o.PaymentID, Amount: o.Total}
}

func failed(o *domain.Order) domain.Fact {
	return domain.PaymentFailed{PaymentID: o.PaymentID, Code: "card_declined"}
}

func refunded(o *domain.Order, id uuid.UUID, cents, all int64) domain.Fact {
	return domain.PaymentRefunded{
		RefundID: id, PaymentID: o.PaymentID, Amount: euros(cents), Refunded: euros(all), Captured: o.Total, Reason: "broken",
	}
}

func mail(kind domain.MailKind, subject uuid.UUID) domain.Fact {
	return domain.MailSettled{Kind: kind, SubjectID: subject}
}

func awaitsOnly(t *testing.T, o *domain.Order, names ...string) {
	t.Helper()
	if got := o.Awaits.Names(); !slices.Equal(got, names) {
		t.Errorf("awaits %v, want %v", got, names)
	}
	if (o.Awaits != 0 || !o.ExpireTime.IsZero()) == o.AskTime.IsZero() {
		t.Errorf("awaits %v, expires %v, looked at %v", o.Awaits.Names(), o.ExpireTime, o.AskTime)
	}
}

func saidKinds(c domain.Changes) []domain.EventKind {
	var kinds []domain.EventKind
	for _, s := range c.Said {
		kinds = append(kinds, s.Kind)
	}
	return kinds
}

func wantSaid(t *testing.T, c domain.Changes, kinds ...domain.EventKind) {
	t.Helper()
	if got := saidKinds(c); !slices.Equal(got, kinds) {
		t.Errorf("said %v, want %v", got, kinds)
	}
}

func TestAnOrderCostsWhatTheShopsPricesSay(t *testing.T) {
	t.Parallel()
	o := newOrder(t)
	if o.Total != euros(1250) || o.Subtotal != euros(1250) || o.Lines[0].Total != euros(1000) || o.Lines[1].Name != "Cup" {
		t.Errorf("lines %+v, total %v", o.Lines, o.Total)
	}
	if o.State != domain.Placed || o.Version != 1 || !o.ExpireTime.Equal(dawn.Add(30*time.Minute)) || !o.AskTime.Equal(dawn.Add(30*time.Second)) {
		t.Errorf("placed as %+v", o)
	}
	awaitsOnly(t, o, "STOCK")
}

func TestAnOrderIsRefusedWithItsReasonAndField(t *testing.T) {
	t.Parallel()
	lines := func(of ...domain.LineRequest) func(*domain.Placement, *domain.Given) {
		return func(p *domain.Placement, _ *domain.Given) { p.Lines = of }
	}
	total := func(m money.Money) func(*domain.Placement, *domain.Given) {
		return func(p *domain.Placement, _ *domain.Given) { p.ExpectedTotal = &m }
	}
	for name, row := range map[string]struct {
		breaks func(*domain.Placement, *domain.Given)
		kind   fault.Kind
		reason fault.Reason
		fields []string
	}{
		"unknown code": {lines(domain.LineRequest{"MUG", 1}, domain.LineRequest{"X", 1}, domain.LineRequest{"Y", 1}), fault.NotFound, "PRODUCT_NOT_FOUND", []string{"lines[1].product_code", "lines[2].product_code"}},
		"a draft":      {lines(domain.LineRequest{"SOON", 1}), fault.NotFound, "PRODUCT_NOT_FOUND", []string{"lines[0].product_code"}},
		"archived":     {lines(domain.LineRequest{"MUG", 1}, domain.LineRequest{"OLD", 1}), fault.FailedPrecondition, "PRODUCT_ARCHIVED", []string{"lines[1].product_code"}},
		"twice":        {lines(domain.LineRequest{"MUG", 1}, domain.LineRequest{"CUP", 1}, domain.LineRequest{"MUG", 1}), fault.Invalid, "DUPLICATE_LINE", []string{"lines[2].product_code"}},
		"currencies":   {lines(domain.LineRequest{"MUG", 1}, domain.LineRequest{"YEN", 1}), fault.Invalid, "CURRENCY_MIXED", []string{"lines[1].product_code"}},
		"line over":    {lines(domain.LineRequest{"GOLD", 3}), fault.Invalid, "TOTAL_TOO_LARGE", []string{"lines[0].quantity"}},
		"sum over":     {lines(domain.LineRequest{"GOLD", 2}, domain.LineRequest{"MUG", 1}), fault.Invalid, "TOTAL_TOO_LARGE", []string{"lines[1].quantity"}},
		"quantity 0":   {lines(domain.LineRequest{"MUG", 0}), fault.Invalid, "INVALID_FIELD", []string{"lines[0].quantity"}},
		"no lines":     {lines(), fault.Invalid, "INVALID_FIELD", []string{"lines"}},
		"lower total":  {total(euros(1249)), fault.FailedPrecondition, "PRICE_CHANGED", []string{"expected_total"}},
		"other money":  {total(money.Money{Currency: "USD", Amount: 1250}), fault.FailedPrecondition, "PRICE_CHANGED", []string{"expected_total"}},
		"method":       {func(p *domain.Placement, _ *domain.Given) { p.PaymentMethod = "shells" }, fault.Invalid, "PAYMENT_METHOD_UNKNOWN", []string{"payment_method"}},
		"blank name":   {func(p *domain.Placement, _ *domain.Given) { p.Contact.FirstName = " " }, fault.Invalid, "INVALID_FIELD", []string{"contact.first_name"}},
		"line break":   {func(p *domain.Placement, _ *domain.Given) { p.Contact.LastName = "Lovelace\r\nBcc: x@example.com" }, fault.Invalid, "INVALID_FIELD", []string{"contact.last_name"}},
		"erased":       {func(_ *domain.Placement, g *domain.Given) { g.CustomerErased = true }, fault.FailedPrecondition, "CUSTOMER_ERASED", []string{"customer_id"}},
		"unpaid":       {func(_ *domain.Placement, g *domain.Given) { g.Unpaid, g.MaxUnpaid = 2, 2 }, fault.Exhausted, "TOO_MANY_UNPAID_ORDERS", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, g := placement(), given()
			row.breaks(&p, &g)
			_, _, err := domain.Place(p, g, at(0))
			refused, ok := fault.Of(err)
			if !ok || refused.Reason() != row.reason || refused.Kind() != row.kind {
				t.Fatalf("got %v, want %s %s", err, row.kind, row.reason)
			}
			var fields []string
			for _, v := range refused.Violations() {
				fields = append(fields, v.Field)
			}
			if !slices.Equal(fields, row.fields) {
				t.Errorf("fields %v, want %v", fields, row.fields)
			}
			if row.reason == domain.ReasonPriceChanged {
				if quote, ok := refused.Details()[0].(domain.Quote); !ok || quote.Total != euros(1250) {
					t.Errorf("the true quote is missing: %v", refused.Details())
				}
			}
		})
	}
}

// Every card has a payment method of its own: "pm_*" offers them all. Where none is
// offered, the refusal says how they come to be.
func TestCardsAreOfferedByTheirPrefix(t *testing.T) {
	t.Parallel()
	for method, taken := range map[string]bool{
		"pm_card_visa": true, "pm_1PqXyzAbC": true, "sandbox_ok": true, "pm": false, "card_1": false, "xpm_1": false, "sandbox_ok2": false,
	} {
		p, g := placement(), given()
		g.PaymentMethods, p.PaymentMethod = []string{"sandbox_ok", "pm_*"}, method
		_, _, err := domain.Place(p, g, at(0))
		if (err == nil) != taken {
			t.Errorf("%s: %v", method, err)
		}
		if err != nil && strings.Contains(err.Error(), "SHOPMESH_STRIPE_KEY") {
			t.Errorf("%s is told of a key that is set: %v", method, err)
		}
	}
	p, g := placement(), given()
	g.PaymentMethods, p.PaymentMethod = []string{"sandbox_ok"}, "pm_card_visa"
	_, _, err := domain.Place(p, g, at(0))
	if refused, ok := fault.Of(err); !ok || refused.Reason() != "PAYMENT_METHOD_UNKNOWN" ||
		!strings.Contains(err.Error(), "SHOPMESH_STRIPE_KEY") || !strings.Contains(err.Error(), "pm_*") {
		t.Errorf("refused with %v", err)
	}
}

func TestTheWayOfAnOrderThatGoesWell(t *testing.T) {
	t.Parallel()
	o := newOrder(t)
	wantSaid(t, hears(t, o, domain.StockReserved{}), domain.SayAwaitingPayment)
	awaitsOnly(t, o, "PAYMENT")
	c := hears(t, o, captured(o))
	wantSaid(t, c, domain.SayConfirmed)
	if c.Said[0].Version != 3 || c.History[0].TraceID != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("said %+v, entry %+v", c.Said, c.History)
	}
	awaitsOnly(t, o, "COMMIT", "CONFIRMATION_MAIL")
	hears(t, o, mail(domain.ConfirmationMail, o.ID))
	awaitsOnly(t, o, "COMMIT")
	hears(t, o, domain.StockCommitted{})
	awaitsOnly(t, o)
	shipment := uuid.New()
	c, err := o.Ship(shipment, "DHL", "1", ask, at(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	wantSaid(t, c, domain.SayShipped)
	awaitsOnly(t, o, "SHIPPING_MAIL")
	hears(t, o, mail(domain.ShippingMail, shipment))
	if c, err = o.Deliver(at(time.Hour)); err != nil || c.Said[0].Kind != domain.SayDelivered {
		t.Errorf("deliver: %v, %v", c, err)
	}
	awaitsOnly(t, o)
}

// Every row of the table of events, for an order in each state.
func TestEachFactInEachState(t *testing.T) {
	t.Parallel()
	refund := uuid.New()
	states := map[string]func(t *testing.T) *domain.Order{
		"PLACED":           func(t *testing.T) *domain.Order { t.Helper(); return newOrder(t) },
		"AWAITING_PAYMENT": reserved,
		"CONFIRMED":        confirmed,
		"COMMITTED": func(t *testing.T) *domain.Order {
			t.Helper()
			o := confirmed(t)
			hears(t, o, domain.StockCommitted{}, mail(domain.ConfirmationMail, o.ID))
			return o
		},
		"CANCELLED unreserved": func(t *testing.T) *domain.Order { t.Helper(); return cancelledFrom(t, newOrder(t)) },
		"CANCELLED unpaid":     func(t *testing.T) *domain.Order { t.Helper(); return cancelledFrom(t, reserved(t)) },
		"CANCELLED paid":       func(t *testing.T) *domain.Order { t.Helper(); return cancelledFrom(t, confirmed(t)) },
	}
	for _, row := range []struct {
		state  string
		fact   func(*domain.Order) domain.Fact
		want   domain.State
		reason domain.CancelReason
		said   []domain.EventKind
		awaits string
	}{
		{"PLACED", plain(domain.StockReserved{}), domain.AwaitingPayment, 0, says(domain.SayAwaitingPayment), "PAYMENT"},
		{"PLACED", plain(domain.StockRejected{}), domain.Cancelled, domain.OutOfStock, says(domain.SayCancelled), "RELEASE CANCELLATION_MAIL"},
		{"PLACED", captured, domain.Placed, 0, nil, "STOCK"},
		{"PLACED", failed, domain.Placed, 0, nil, "STOCK"},
		{"PLACED", plain(domain.StockReleased{}), domain.Placed, 0, nil, "STOCK"},
		{"AWAITING_PAYMENT", plain(domain.StockReserved{}), domain.AwaitingPayment, 0, nil, "PAYMENT"},
		{"AWAITING_PAYMENT", plain(domain.StockRejected{}), domain.AwaitingPayment, 0, nil, "PAYMENT"},
		{"AWAITING_PAYMENT", captured, domain.Confirmed, 0, says(domain.SayConfirmed), "COMMIT CONFIRMATION_MAIL"},
		{"AWAITING_PAYMENT", failed, domain.Cancelled, domain.PaymentDeclined, says(domain.SayCancelled), "RELEASE CANCELLATION_MAIL"},
		{"AWAITING_PAYMENT", func(o *domain.Order) domain.Fact { return refunded(o, refund, 100, 100) }, domain.Confirmed, 0, says(domain.SayConfirmed, domain.SayRefunded), "COMMIT CONFIRMATION_MAIL REFUND_MAIL"},
		{"CONFIRMED", captured, domain.Confirmed, 0, nil, "COMMIT CONFIRMATION_MAIL"},
		{"CONFIRMED", failed, domain.Confirmed, 0, nil, "COMMIT CONFIRMATION_MAIL"},
		{"CONFIRMED", plain(domain.StockReserved{}), domain.Confirmed, 0, says(domain.SayConfirmed), "COMMIT CONFIRMATION_MAIL"},
		{"CONFIRMED", plain(domain.StockCommitted{}), domain.Confirmed, 0, nil, "CONFIRMATION_MAIL"},
		{"COMMITTED", plain(domain.StockReserved{}), domain.Confirmed, 0, nil, ""},
		{"COMMITTED", func(o *domain.Order) domain.Fact { return refunded(o, refund, 100, 100) }, domain.Confirmed, 0, says(domain.SayRefunded), "REFUND_MAIL"},
		{"CANCELLED unreserved", plain(domain.StockReserved{}), domain.Cancelled, domain.Requested, says(domain.SayCancelled), "RELEASE CANCELLATION_MAIL"},
		{"CANCELLED unreserved", plain(domain.StockRejected{}), domain.Cancelled, domain.Requested, nil, "RELEASE CANCELLATION_MAIL"},
		{"CANCELLED unreserved", plain(domain.StockReleased{}), domain.Cancelled, domain.Requested, nil, "CANCELLATION_MAIL"},
		{"CANCELLED unreserved", func(o *domain.Order) domain.Fact { return mail(domain.CancellationMail, o.ID) }, domain.Cancelled, domain.Requested, nil, "RELEASE"},
		{"CANCELLED unpaid", failed, domain.Cancelled, domain.Requested, nil, "RELEASE CANCELLATION_MAIL"},
		{"CANCELLED unpaid", captured, domain.Cancelled, domain.Requested, says(domain.SayCancelled), "RELEASE REFUND CANCELLATION_MAIL"},
		{"CANCELLED unpaid", func(o *domain.Order) domain.Fact { return refunded(o, refund, 1250, 1250) }, domain.Cancelled, domain.Requested, says(domain.SayRefunded), "RELEASE CANCELLATION_MAIL REFUND_MAIL"},
		{"CANCELLED paid", captured, domain.Cancelled, domain.Requested, nil, "RELEASE REFUND CANCELLATION_MAIL"},
		{"CANCELLED paid", plain(domain.StockCommitted{}), domain.Cancelled, domain.Requested, nil, "RELEASE REFUND CANCELLATION_MAIL"},
		{"CANCELLED paid", func(o *domain.Order) domain.Fact { return refunded(o, refund, 250, 250) }, domain.Cancelled, domain.Requested, says(domain.SayRefunded), "RELEASE REFUND CANCELLATION_MAIL REFUND_MAIL"},
	} {
		o := states[row.state](t)
		t.Run(fmt.Sprintf("%s/%T", row.state, row.fact(o)), func(t *testing.T) {
			t.Parallel()
			c := hears(t, o, row.fact(o))
			if o.State != row.want || o.CancelReason != row.reason {
				t.Errorf("came to %s %s, want %s %s", o.State, o.CancelReason, row.want, row.reason)
			}
			wantSaid(t, c, row.said...)
			awaitsOnly(t, o, strings.Fields(row.awaits)...)
			// Once more changes nothing that a reader sees.
			version := o.Version
			if again := hears(t, o, row.fact(o)); o.Version != version || len(again.History) > 0 || o.State != row.want {
				t.Errorf("heard again: version %d after %d, %v", o.Version, version, again.History)
			}
		})
	}
}

func plain(fact domain.Fact) func(*domain.Order) domain.Fact {
	return func(*domain.Order) domain.Fact { return fact }
}

func says(kinds ...domain.EventKind) []domain.EventKind { return kinds }

func reserved(t *testing.T) *domain.Order {
	t.Helper()
	o := newOrder(t)
	hears(t, o, domain.StockReserved{})
	return o
}

func confirmed(t *testing.T) *domain.Order {
	t.Helper()
	o := reserved(t)
	hears(t, o, captured(o))
	return o
}

func cancelledFrom(t *testing.T, o *domain.Order) *domain.Order {
	t.Helper()
	if _, err := o.Cancel("changed my mind", ask, at(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestMovesThatTheStateForbidsChangeNothing(t *testing.T) {
	t.Parallel()
	shipped := confirmed(t)
	if _, err := shipped.Ship(uuid.New(), "", "", ask, at(0)); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"ship before it is paid":    func() error { _, err := reserved(t).Ship(uuid.New(), "", "", ask, at(0)); return err },
		"deliver before it is sent": func() error { _, err := confirmed(t).Deliver(at(0)); return err },
		"cancel after it was sent":  func() error { _, err := shipped.Cancel("", ask, at(0)); return err },
		"ship twice":                func() error { _, err := shipped.Ship(uuid.New(), "", "", ask, at(0)); return err },
		"cancel twice":              func() error { _, err := cancelledFrom(t, newOrder(t)).Cancel("", ask, at(0)); return err },
	} {
		err := try()
		refused, ok := fault.Of(err)
		if !ok || refused.Kind() != fault.FailedPrecondition || refused.Reason() != domain.ReasonOrderState || refused.Metadata()["state"] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What contradicts the order is set aside for somebody to look at, never applied.
func TestAFactThatContradictsTheOrderIsAnError(t *testing.T) {
	t.Parallel()
	o := reserved(t)
	for name, row := range map[string]struct {
		fact domain.Fact
		want error
	}{
		"another payment captured": {domain.PaymentCaptured{PaymentID: uuid.New(), Amount: o.Total}, domain.ErrForeignPayment},
		"another payment failed":   {domain.PaymentFailed{PaymentID: uuid.New()}, domain.ErrForeignPayment},
		"less captured":            {domain.PaymentCaptured{PaymentID: o.PaymentID, Amount: euros(1)}, domain.ErrAmount},
		"other currency captured":  {domain.PaymentCaptured{PaymentID: o.PaymentID, Amount: money.Money{Currency: "USD", Amount: o.Total.Amount}}, domain.ErrAmount},
		"refund over capture":      {refunded(o, uuid.New(), 2000, 2000), domain.ErrAmount},
	} {
		var c domain.Changes
		if err := o.Hear(row.fact, ask, at(0), &c); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
	unpaid := newOrder(t)
	var c domain.Changes
	if err := unpaid.Hear(refunded(unpaid, uuid.New(), 1, 1), ask, at(0), &c); !errors.Is(err, domain.ErrNotPaid) {
		t.Errorf("refunded before payment was asked: %v", err)
	}
}

func TestARefundsMailIsAwaitedByRefund(t *testing.T) {
	t.Parallel()
	o := confirmed(t)
	hears(t, o, domain.StockCommitted{}, mail(domain.ConfirmationMail, o.ID))
	first, second := uuid.New(), uuid.New()
	c := hears(t, o, refunded(o, first, 100, 100), refunded(o, second, 50, 150))
	if len(c.Said) != 2 || c.Said[0].Version == c.Said[1].Version || o.Refunded != euros(150) {
		t.Fatalf("said %+v, refunded %v", c.Said, o.Refunded)
	}
	hears(t, o, mail(domain.RefundMail, first))
	awaitsOnly(t, o, "REFUND_MAIL")
	if again := hears(t, o, refunded(o, second, 50, 150)); len(again.Said) != 1 || again.Said[0].Version != c.Said[1].Version {
		t.Errorf("asked again, it says %+v", again.Said)
	}
	hears(t, o, mail(domain.RefundMail, second))
	awaitsOnly(t, o)
	if again := hears(t, o, refunded(o, second, 50, 150)); len(again.Said) != 0 {
		t.Errorf("settled, it says %+v", again.Said)
	}
}

func TestOverdueStepsAreAskedAgainUnderTheirFirstIdentity(t *testing.T) {
	t.Parallel()
	o := confirmed(t) // said at second 1
	early := o.Look(ask, at(30*time.Second))
	if len(early.Said) != 0 || !o.AskTime.Equal(dawn.Add(31*time.Second)) {
		t.Fatalf("too early it says %v and looks again at %v", early.Said, o.AskTime)
	}
	due := time.Second
	for n, seconds := range []int{30, 60, 120, 240, 480, 600, 600} {
		due += time.Duration(seconds) * time.Second
		c := o.Look(ask, at(due))
		if len(c.Said) != 1 || c.Said[0].Kind != domain.SayConfirmed || c.Said[0].Version != 3 || len(c.History) != 0 {
			t.Fatalf("asking %d says %+v", n, c.Said)
		}
	}
	hears(t, o, domain.StockCommitted{}, mail(domain.ConfirmationMail, o.ID))
	if c := o.Look(ask, at(due+time.Hour)); len(c.Said) != 0 || !o.AskTime.IsZero() {
		t.Errorf("nothing is awaited, it says %v", c.Said)
	}
}

func TestAnOrderExpiresUnlessItIsPaid(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]*domain.Order{"PLACED": newOrder(t), "AWAITING_PAYMENT": reserved(t)} {
		if c := o.Look(ask, at(30*time.Minute-time.Microsecond)); o.State == domain.Cancelled || len(c.History) > 0 {
			t.Errorf("%s: expired too early", name)
		}
		c := o.Look(ask, at(30*time.Minute))
		if o.State != domain.Cancelled || o.CancelReason != domain.Expired || len(c.Said) != 1 || !o.ExpireTime.IsZero() {
			t.Errorf("%s: %s %s, said %v", name, o.State, o.CancelReason, c.Said)
		}
		if o.Awaits.Has(domain.AwaitsPayment) != (name == "AWAITING_PAYMENT") {
			t.Errorf("%s awaits %v", name, o.Awaits.Names())
		}
	}
	paid := confirmed(t)
	if paid.Look(ask, at(time.Hour)); paid.State != domain.Confirmed {
		t.Error("a paid order expired")
	}
}

func TestAnErasedPersonGetsNoMail(t *testing.T) {
	t.Parallel()
	o := confirmed(t)
	o.Erase(ask, at(time.Minute))
	if o.Contact != (domain.Contact{}) || o.Version != 4 {
		t.Errorf("still there: %+v at version %d", o.Contact, o.Version)
	}
	awaitsOnly(t, o, "COMMIT")
	if _, err := o.Ship(uuid.New(), "", "", ask, at(time.Minute)); err != nil {
		t.Fatal(err)
	}
	awaitsOnly(t, o, "COMMIT")
	hears(t, o, domain.StockCommitted{}, refunded(o, uuid.New(), 1, 1))
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
		breaks func(*domain.Order, *[]domain.Entry)
		kind   string
	}{
		"nothing":          {func(*domain.Order, *[]domain.Entry) {}, ""},
		"asked too often":  {func(o *domain.Order, _ *[]domain.Entry) { o.AskCount = domain.StuckAfterAskings }, "ORDER_STUCK"},
		"waits too long":   {func(o *domain.Order, _ *[]domain.Entry) { o.UpdateTime = dawn.Add(-48 * time.Hour) }, "ORDER_STUCK"},
		"a line is gone":   {func(o *domain.Order, _ *[]domain.Entry) { o.Lines = o.Lines[1:] }, "TOTAL_MISMATCH"},
		"another total":    {func(o *domain.Order, _ *[]domain.Entry) { o.Total = euros(1) }, "TOTAL_MISMATCH"},
		"no history":       {func(_ *domain.Order, h *[]domain.Entry) { *h = nil }, "HISTORY_MISMATCH"},
		"another end":      {func(_ *domain.Order, h *[]domain.Entry) { *h = (*h)[:2] }, "HISTORY_MISMATCH"},
		"a forbidden move": {func(_ *domain.Order, h *[]domain.Entry) { *h = append((*h)[:1:1], (*h)[2]) }, "HISTORY_MISMATCH"},
		"versions fall":    {func(_ *domain.Order, h *[]domain.Entry) { (*h)[1].Version = 1 }, "HISTORY_MISMATCH"},
	} {
		o, entries := confirmed(t), slices.Clone(history)
		row.breaks(o, &entries)
		found := o.Check(entries, dawn.Add(time.Minute))
		if (row.kind == "") != (len(found) == 0) || row.kind != "" && found[0].Kind != row.kind {
			t.Errorf("%s: found %v, want %q", name, found, row.kind)
		}
	}
}

// While what was asked has not left, an overdue step is not asked again, and the order
// is looked at later; it expires all the same.
func TestAHeldOrderIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	held := domain.AskPolicy{After: ask.After, Hold: true}
	o := newOrder(t)
	overdue := at(ask.After + time.Second)
	if c := o.Look(held, overdue); len(c.Said) > 0 || !o.AskTime.Equal(overdue.Time.Add(ask.After)) {
		t.Errorf("said %v, looked at again at %v", c.Said, o.AskTime)
	}
	if c := o.Look(ask, overdue); len(c.Said) != 1 {
		t.Errorf("no longer held, said %v", c.Said)
	}
	if o.Look(held, at(o.ExpireTime.Sub(o.CreateTime))); o.State != domain.Cancelled {
		t.Errorf("expired and held: %s", o.State)
	}
}
