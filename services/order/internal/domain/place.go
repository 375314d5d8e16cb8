package domain

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
)

// Placement is what somebody asks to buy.
type Placement struct {
	// CustomerID is uuid.Nil for a guest.
	CustomerID    uuid.UUID
	Contact       Contact
	Address       Address
	Lines         []LineRequest
	PaymentMethod string
	// ExpectedTotal is what the customer was shown; nil when that does not matter.
	ExpectedTotal *money.Money
}

// PlaceInput is what the shop knows when an order is placed.
type PlaceInput struct {
	// OrderID, PaymentID and Number are new; the order takes them.
	OrderID   uuid.UUID
	PaymentID uuid.UUID
	Number    string
	// Products holds the products known, by code.
	Products map[string]Product
	// PaymentMethods are those offered.
	PaymentMethods []string
	// PaymentWindow is how long the order may wait for its payment.
	PaymentWindow time.Duration
	// CustomerErased says that the customer's data was erased.
	CustomerErased bool
	// Unpaid is how many unpaid orders the customer or guest has, and MaxUnpaid
	// how many there may be; 0 means any number.
	Unpaid    int
	MaxUnpaid int
	Retry     RetryPolicy
}

// cards is what the payment methods of Stripe begin with.
const cards = "pm_"

// offers says whether a payment method is among those offered. One that ends in "*"
// stands for all that begin so: every card has a method of its own.
func offers(offered []string, method string) bool {
	return slices.ContainsFunc(offered, func(o string) bool {
		prefix, all := strings.CutSuffix(o, "*")
		return o == method || all && strings.HasPrefix(method, prefix)
	})
}

func notOffered(methods []string, method string) error {
	offered := strings.Join(methods, ", ")
	advice := ""
	if strings.HasPrefix(method, cards) && !slices.ContainsFunc(methods, func(o string) bool { return strings.HasPrefix(o, cards) }) {
		advice = fmt.Sprintf("; to take cards, the shop's owner gives payment SHOPMESH_STRIPE_KEY, and order's settings %q", `paymentMethods: ["pm_*"]`)
	}
	return fault.New(fault.Invalid, ReasonPaymentMethodUnknown,
		"the payment method %q is not offered: choose one of %s%s", method, offered, advice).
		Field("payment_method", "must be one of "+offered).With("offered", strings.Join(methods, ","))
}

// Place accepts an order or says why not.
func Place(p Placement, in PlaceInput, at Cause) (*Order, Changes, error) {
	if err := checkContact(p.Contact); err != nil {
		return nil, Changes{}, err
	}
	if !offers(in.PaymentMethods, p.PaymentMethod) {
		return nil, Changes{}, notOffered(in.PaymentMethods, p.PaymentMethod)
	}
	if in.CustomerErased {
		return nil, Changes{}, fault.New(fault.FailedPrecondition, ReasonCustomerErased,
			"the data of customer %s was erased: no order can be placed for them", p.CustomerID).
			Field("customer_id", "the customer's data was erased")
	}
	quote, err := Price(p.Lines, in.Products)
	if err != nil {
		return nil, Changes{}, err
	}
	if p.ExpectedTotal != nil && *p.ExpectedTotal != quote.Total {
		return nil, Changes{}, fault.New(fault.FailedPrecondition, ReasonPriceChanged,
			"the total is %s, not %s: show the new prices and place the order again", quote.Total, *p.ExpectedTotal).
			Field("expected_total", "the total is "+quote.Total.String()).Detail(quote)
	}
	if in.MaxUnpaid > 0 && in.Unpaid >= in.MaxUnpaid {
		return nil, Changes{}, fault.New(fault.Exhausted, ReasonTooManyUnpaidOrders,
			"%d orders wait for their payment already: pay or cancel one of them first", in.Unpaid).
			With("limit", fmt.Sprint(in.MaxUnpaid))
	}
	order, changes := place(p, in, quote, at)
	return order, changes, nil
}

func place(p Placement, in PlaceInput, quote Quote, at Cause) (*Order, Changes) {
	none := money.Money{Currency: quote.Total.Currency}
	o := &Order{
		ID: in.OrderID, Number: in.Number, Quote: quote, Captured: none, Refunded: none,
		PaymentID: in.PaymentID, PaymentMethod: p.PaymentMethod,
		CustomerID: p.CustomerID, Contact: p.Contact, Address: p.Address,
		CreateTime: at.Time, ExpireTime: at.Time.Add(in.PaymentWindow),
	}
	var c Changes
	o.transition(Placed, "", at, &c)
	o.await(AwaitsStock, o.event(PlacedEvent, o.Version, at), &c)
	o.schedule(in.Retry)
	return o, c
}

// checkContact refuses what a contact can't be, whoever calls. Line breaks are
// refused: the text ends up in mails and on labels.
func checkContact(c Contact) error {
	var broken []fault.Violation
	text := func(field, value string, most int, required bool) {
		if required && strings.TrimSpace(value) == "" {
			broken = append(broken, fault.Violation{Field: "contact." + field, Description: "must not be blank"})
		}
		if n := utf8.RuneCountInString(value); n > most {
			broken = append(broken, fault.Violation{Field: "contact." + field, Description: fmt.Sprintf("must have at most %d characters, got %d", most, n)})
		}
		if strings.ContainsFunc(value, unicode.IsControl) {
			broken = append(broken, fault.Violation{Field: "contact." + field, Description: "must not contain control characters or line breaks"})
		}
	}
	text("first_name", c.FirstName, 100, true)
	text("last_name", c.LastName, 100, true)
	text("email", c.Email, 254, true)
	text("phone", c.Phone, 40, false)
	if len(broken) > 0 {
		return fault.Fields(broken...)
	}
	return nil
}
