package domain

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
)

// Placement is what somebody wants to buy.
type Placement struct {
	// CustomerID is uuid.Nil for a guest.
	CustomerID    uuid.UUID
	Contact       Contact
	Address       Address
	Lines         []LineRequest
	PaymentMethod string
	// LanguageCode is the language in which the customer is written to; empty for the shop's.
	LanguageCode string
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
	PaymentMethods PaymentMethods
	// CustomerErased reports that the customer's data was erased.
	CustomerErased bool
	// Unpaid is how many unpaid orders the customer or guest has, and MaxUnpaid
	// how many there may be; 0 means any number.
	Unpaid    int
	MaxUnpaid int
	Retry     RetryPolicy
}

// Place accepts an order or refuses it.
func Place(p Placement, in PlaceInput, at Cause) (*Order, Decision, error) {
	contact, broken := checkContact("contact.", p.Contact)
	if broken = append(broken, checkAddress("shipping_address.", p.Address)...); len(broken) > 0 {
		return nil, Decision{}, fault.Fields(broken...)
	}
	p.Contact = contact
	if _, offered := in.PaymentMethods.Find(p.PaymentMethod); !offered {
		return nil, Decision{}, notOffered(in.PaymentMethods.Names(), p.PaymentMethod)
	}
	if in.CustomerErased {
		return nil, Decision{}, errCustomerErased(p.CustomerID, "no order can be placed for them").
			Field("customer_id", "the customer's data was erased")
	}
	quote, err := Price(p.Lines, in.Products)
	if err != nil {
		return nil, Decision{}, err
	}
	if p.ExpectedTotal != nil && *p.ExpectedTotal != quote.Total {
		return nil, Decision{}, fault.New(fault.FailedPrecondition, ReasonPriceChanged,
			"the total is %s, not %s: show the new prices and place the order again", quote.Total, *p.ExpectedTotal).
			Field("expected_total", "the total is "+quote.Total.String()).Detail(quote)
	}
	method, err := in.PaymentMethods.find(p.PaymentMethod, quote.Total)
	if err != nil {
		return nil, Decision{}, err
	}
	if in.MaxUnpaid > 0 && in.Unpaid >= in.MaxUnpaid {
		return nil, Decision{}, fault.New(fault.Exhausted, ReasonTooManyUnpaidOrders,
			"%d orders wait for their payment already: pay or cancel one of them first", in.Unpaid).
			With("limit", fmt.Sprint(in.MaxUnpaid))
	}
	order := place(p, in, quote, method, at)
	return order, order.take(), nil
}

func place(p Placement, in PlaceInput, quote Quote, method PaymentMethod, at Cause) *Order {
	none := money.Money{Currency: quote.Total.Currency}
	o := Restore(Snapshot{
		ID: in.OrderID, Number: in.Number, Quote: quote, Captured: none, Refunded: none,
		PaymentID: in.PaymentID, PaymentMethod: p.PaymentMethod,
		CustomerID: p.CustomerID, GuestVersion: FirstGuestVersion, Contact: p.Contact, Address: p.Address,
		LanguageCode: p.LanguageCode, CreateTime: at.Time, ExpireTime: at.Time.Add(method.Window),
	})
	o.transition(Placed, "", at)
	o.await(AwaitsStock, o.event(PlacedEvent, o.s.Version, at))
	o.schedule(in.Retry)
	return o
}
