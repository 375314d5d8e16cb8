package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// books are a checker's with an order in each final state: a shipped one, of which a
// part was given back, and one that was cancelled after it had been confirmed.
func books() *checker {
	c := &checker{
		driver: &driver{caller: &caller{tally: newTally()}, book: newBook()},
		orders: map[string]*orderv1.Order{}, wasConfirmed: map[string]bool{"3": true}, given: map[string]int{"2": 1, "3": 1},
	}
	for number, state := range map[string]orderv1.OrderState{"1": confirmed, "2": shipped, "3": cancelled} {
		email := "chaos" + number + "@example.com"
		c.book.orders = append(c.book.orders, &order{id: "id-" + number, number: number, email: email, method: "pm_card_visa", captured: 300})
		c.orders[email] = &orderv1.Order{State: state}
	}
	return c
}

func kinds(c *checker) []string {
	var kinds []string
	for _, f := range c.book.findings {
		kinds = append(kinds, f.kind)
	}
	slices.Sort(kinds)
	return kinds
}

// The right mails are no finding, and each one more, or less, is one.
func TestMailsAreCounted(t *testing.T) {
	t.Parallel()
	type mail struct{ To, Subject string }
	right := []mail{
		{"chaos1@example.com", "Order 1 confirmed"},
		{"chaos2@example.com", "Order 2 confirmed"}, {"chaos2@example.com", "Order 2 is on its way"},
		{"chaos2@example.com", "Order 2: refund of 1.00 EUR"},
		{"chaos3@example.com", "Order 3 confirmed"}, {"chaos3@example.com", "Order 3 cancelled"},
		{"chaos3@example.com", "Order 3: refund of 3.00 EUR"},
		{"ada@example.com", mailVerify}, {"ada@example.com", mailPasswordChanged},
	}
	with := func(more ...mail) []mail { return append(slices.Clone(right), more...) }
	without := func(i int) []mail { return slices.Delete(slices.Clone(right), i, i+1) }
	for name, row := range map[string]struct {
		inbox []mail
		want  []string
	}{
		"the right ones":                       {right, nil},
		"no confirmation before the cancelled": {without(4), nil},
		"no confirmation":                      {without(0), []string{"CONFIRMATION_MAILS"}},
		"no shipping mail":                     {without(2), []string{"SHIPPING_MAILS"}},
		"no refund mail":                       {without(3), []string{"REFUND_MAILS"}},
		"no cancellation":                      {without(5), []string{"CANCELLATION_MAILS"}},
		"a confirmation twice":                 {with(right[0]), []string{"CONFIRMATION_MAILS"}},
		"a refund of something else":           {with(mail{"chaos1@example.com", "Order 1: refund of 9.00 EUR"}), []string{"REFUND_MAILS"}},
		"shipped, and it was not":              {with(mail{"chaos1@example.com", "Order 1 is on its way"}), []string{"SHIPPING_MAILS"}},
		"to somebody else":                     {with(mail{"chaos9@example.com", "Order 1 confirmed"}), []string{"NOBODYS_MAIL"}},
		"no link":                              {without(7), []string{"ACCOUNT_MAILS"}},
		"a link once more":                     {with(right[7]), nil},
		"more links than requests":             {with(right[7], right[7]), []string{"ACCOUNT_MAILS"}},
		"no notice":                            {without(8), []string{"ACCOUNT_MAILS"}},
		"a notice twice":                       {with(right[8]), []string{"ACCOUNT_MAILS"}},
		"a reuse that may be":                  {with(mail{"ada@example.com", mailTokenReused}), nil},
		"a link that nobody requested":         {with(mail{"chaos1@example.com", mailReset}), []string{"NOBODYS_MAIL"}},
		"about nothing":                        {with(mail{"chaos1@example.com", "Hello"}), []string{"NOBODYS_MAIL"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inbox := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(w).Encode(row.inbox)
			}))
			t.Cleanup(inbox.Close)
			c := books()
			c.book.members = []*member{{email: "ada@example.com", reuses: 1}}
			c.book.expectMails(mailVerify, "ada@example.com", 1, 2)
			c.book.expectMails(mailPasswordChanged, "ada@example.com", 1, 1)
			if err := c.judgeMails(t.Context(), inbox.URL); err != nil {
				t.Fatal(err)
			}
			if got := kinds(c); !slices.Equal(got, row.want) {
				t.Errorf("found %v, want %v", c.book.findings, row.want)
			}
		})
	}
}

func TestAnswersAreJudged(t *testing.T) {
	t.Parallel()
	c := books()
	for _, usual := range []string{"PlaceOrder acknowledged", "PlaceOrder refused PRICE_CHANGED", "PlaceOrder again refused REQUEST_ID_REUSED"} {
		c.tally.outcomes[usual] = 3
	}
	if c.judgeAnswers(); len(c.book.findings) > 0 {
		t.Errorf("found %v", c.book.findings)
	}
	c.tally.outcomes["PlaceOrder refused CUSTOMER_ERASED"] = 1
	c.tally.outcomes["UpdateProduct refused PRODUCT_NOT_FOUND"] = 1
	c.tally.failures["ShipOrder"] = "the server failed"
	if c.judgeAnswers(); !slices.Equal(kinds(c), []string{"INTERNAL_ANSWER", "REFUSED_FOR_NOTHING", "REFUSED_FOR_NOTHING"}) {
		t.Errorf("found %v", c.book.findings)
	}
}

// What Stripe took is compared order by order; what it took for none is nobody's.
func TestCardsAreCompared(t *testing.T) {
	t.Parallel()
	paid := func(order string, charges int) stripefake.Payment {
		return stripefake.Payment{OrderID: order, Received: 300, Charges: charges}
	}
	all := []stripefake.Payment{paid("id-1", 1), paid("id-2", 1), paid("id-3", 1)}
	for name, row := range map[string]struct {
		payments []stripefake.Payment
		want     []string
	}{
		"as counted":     {all, nil},
		"of no order":    {append(slices.Clone(all), paid("", 1)), []string{"NOBODYS_CHARGE"}},
		"of another one": {append(slices.Clone(all), paid("id-9", 1)), []string{"NOBODYS_CHARGE"}},
		"twice":          {append(slices.Clone(all), paid("id-2", 1)), []string{"CHARGED_TWICE", "STRIPE_DIFFERS"}},
		"not at all":     {all[1:], []string{"STRIPE_DIFFERS"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := books()
			c.book.orders = append(c.book.orders, &order{email: "refused@example.com", method: "pm_card_visa"})
			if c.checkCards(row.payments); !slices.Equal(kinds(c), row.want) {
				t.Errorf("found %v, want %v", c.book.findings, row.want)
			}
		})
	}
}
