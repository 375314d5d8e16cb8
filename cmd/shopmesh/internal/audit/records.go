// Package audit compares what the contexts record about every order, and about every
// customer's account, and reports what contradicts. It reads the Audit streams of
// OperationsService, merges them by the order's or customer's id without keeping them, and
// checks one at a time.
package audit

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/type/money"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
)

// Records are those that the contexts have of one order; nil where one has none.
type Records struct {
	OrderID     string
	Order       *operationsv1.OrderRecord
	Reservation *operationsv1.ReservationRecord
	Payment     *operationsv1.PaymentRecord
	Provider    *operationsv1.ProviderRecord
	Mails       []*operationsv1.MailRecord
}

// AccountRecords are those of one customer for whom an account was made; nil where a
// context has none.
type AccountRecords struct {
	CustomerID string
	Customer   *operationsv1.CustomerRecord
	Account    *operationsv1.AccountRecord
}

// Finding is a contradiction, or something else that must not be.
type Finding struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Context string `json:"context"`
	Message string `json:"message"`
}

// Pending is work under way, which is no finding while there is time.
type Pending struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject,omitempty"`
	Context string `json:"context"`
	Count   int64  `json:"count"`
}

// version differs when the order moved between two passes.
func (r Records) version() string {
	if r.Order == nil {
		return ""
	}
	return r.Order.GetState() + r.Order.GetUpdateTime().AsTime().Format(time.RFC3339Nano)
}

// quiet reports whether nothing is due any more for the order, so that all contexts
// must agree.
func (r Records) quiet() bool {
	if r.Order == nil || len(r.Order.GetAwaits()) > 0 {
		return false
	}
	switch r.Order.GetState() {
	case "PLACED", "AWAITING_PAYMENT":
		return false
	}
	return !r.Payment.GetPending()
}

// amount is written with its currency's digits: 1000 JPY, 12.50 EUR, 1.250 KWD.
func amount(m *money.Money) string {
	if m == nil {
		return "0"
	}
	exact, err := moneypb.FromProto(m)
	if err != nil {
		return fmt.Sprintf("%d units and %d nanos %s", m.GetUnits(), m.GetNanos(), m.GetCurrencyCode())
	}
	return exact.String()
}

// zero reports whether m is no money, in whatever currency.
func zero(m *money.Money) bool { return m.GetUnits() == 0 && m.GetNanos() == 0 }

// sum adds two amounts, of which one may be nothing in any currency.
func sum(a, b *money.Money) *money.Money {
	switch {
	case zero(a):
		return b
	case zero(b):
		return a
	}
	const unit = 1_000_000_000
	nanos := a.GetNanos() + b.GetNanos()
	return &money.Money{CurrencyCode: a.GetCurrencyCode(), Units: a.GetUnits() + b.GetUnits() + int64(nanos/unit), Nanos: nanos % unit}
}

// same compares two amounts; nothing equals nothing in any currency.
func same(a, b *money.Money) bool {
	if zero(a) && zero(b) {
		return true
	}
	return a.GetCurrencyCode() == b.GetCurrencyCode() && a.GetUnits() == b.GetUnits() && a.GetNanos() == b.GetNanos()
}

// less reports whether an amount is smaller than another in the same currency.
func less(a, b *money.Money) bool {
	if a.GetUnits() != b.GetUnits() {
		return a.GetUnits() < b.GetUnits()
	}
	return a.GetNanos() < b.GetNanos()
}
