package domain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

func TestAnOrderCostsTheShopsPrices(t *testing.T) {
	t.Parallel()
	o := newOrder(t)
	if o.Snapshot().Total != euros(1250) || o.Snapshot().Subtotal != euros(1250) || o.Snapshot().Lines[0].Total != euros(1000) || o.Snapshot().Lines[1].Name != "Cup" {
		t.Errorf("lines %+v, total %v", o.Snapshot().Lines, o.Snapshot().Total)
	}
	if o.Snapshot().State != domain.Placed || o.Snapshot().Version != 1 || !o.Snapshot().ExpireTime.Equal(dawn.Add(30*time.Minute)) || !o.Snapshot().DueTime.Equal(dawn.Add(30*time.Second)) {
		t.Errorf("placed as %+v", o)
	}
	awaitsOnly(t, o, "STOCK")
}

func TestAnOrderIsRefusedWithItsReasonAndField(t *testing.T) {
	t.Parallel()
	lines := func(of ...domain.LineRequest) func(*domain.Placement, *domain.PlaceInput) {
		return func(p *domain.Placement, _ *domain.PlaceInput) { p.Lines = of }
	}
	total := func(m money.Money) func(*domain.Placement, *domain.PlaceInput) {
		return func(p *domain.Placement, _ *domain.PlaceInput) { p.ExpectedTotal = &m }
	}
	for name, row := range map[string]struct {
		breaks func(*domain.Placement, *domain.PlaceInput)
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
		"method":       {func(p *domain.Placement, _ *domain.PlaceInput) { p.PaymentMethod = "shells" }, fault.Invalid, "PAYMENT_METHOD_UNKNOWN", []string{"payment_method"}},
		"blank name":   {func(p *domain.Placement, _ *domain.PlaceInput) { p.Contact.FirstName = " " }, fault.Invalid, "INVALID_FIELD", []string{"contact.first_name"}},
		"line break":   {func(p *domain.Placement, _ *domain.PlaceInput) { p.Contact.LastName = "Lovelace\r\nBcc: x@example.com" }, fault.Invalid, "INVALID_FIELD", []string{"contact.last_name"}},
		"erased":       {func(_ *domain.Placement, g *domain.PlaceInput) { g.CustomerErased = true }, fault.FailedPrecondition, "CUSTOMER_ERASED", []string{"customer_id"}},
		"unpaid":       {func(_ *domain.Placement, g *domain.PlaceInput) { g.Unpaid, g.MaxUnpaid = 2, 2 }, fault.Exhausted, "TOO_MANY_UNPAID_ORDERS", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, g := placement(), input()
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
// offered, the refusal names how they come to be.
func TestCardsAreOfferedByTheirPrefix(t *testing.T) {
	t.Parallel()
	for method, taken := range map[string]bool{
		"pm_card_visa": true, "pm_1PqXyzAbC": true, "sandbox_ok": true, "pm": false, "card_1": false, "xpm_1": false, "sandbox_ok2": false,
	} {
		p, g := placement(), input()
		g.PaymentMethods, p.PaymentMethod = domain.PaymentMethods{{Name: "sandbox_ok"}, {Name: "pm_*"}}, method
		_, _, err := domain.Place(p, g, at(0))
		if (err == nil) != taken {
			t.Errorf("%s: %v", method, err)
		}
		if err != nil && strings.Contains(err.Error(), "stripeKeySecret") {
			t.Errorf("%s names a key that is set: %v", method, err)
		}
	}
	p, g := placement(), input()
	g.PaymentMethods, p.PaymentMethod = domain.PaymentMethods{{Name: "sandbox_ok"}}, "pm_card_visa"
	_, _, err := domain.Place(p, g, at(0))
	if refused, ok := fault.Of(err); !ok || refused.Reason() != "PAYMENT_METHOD_UNKNOWN" ||
		!strings.Contains(err.Error(), "stripeKeySecret") || !strings.Contains(err.Error(), "pm_*") {
		t.Errorf("refused with %v", err)
	}
}
