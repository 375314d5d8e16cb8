// Package audit compares what the contexts state about every order and names
// what must not be. It reads the Audit streams of OperationsService, merges
// them by order id without holding them, and judges one order at a time.
package audit

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/type/money"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
)

// Facts is all that the contexts state about one order. A record that no
// context states is nil.
type Facts struct {
	OrderID     string
	Order       *operationsv1.OrderRecord
	Reservation *operationsv1.ReservationRecord
	Payment     *operationsv1.PaymentRecord
	Provider    *operationsv1.ProviderRecord
	Mails       []*operationsv1.MailRecord
}

// Finding is something that must not be.
type Finding struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Context string `json:"context"`
	Message string `json:"message"`
}

// Pending is work that is under way: no finding while there is time.
type Pending struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject,omitempty"`
	Context string `json:"context"`
	Count   int64  `json:"count"`
}

// version tells whether an order moved between two passes.
func (f Facts) version() string {
	if f.Order == nil {
		return ""
	}
	return f.Order.GetState() + f.Order.GetUpdateTime().AsTime().Format(time.RFC3339Nano)
}

// quiet says whether nothing is due any more for the order, so that every
// context must agree with every other.
func (f Facts) quiet() bool {
	if f.Order == nil || len(f.Order.GetAwaits()) > 0 {
		return false
	}
	switch f.Order.GetState() {
	case "PLACED", "AWAITING_PAYMENT":
		return false
	}
	return !f.Payment.GetPending()
}

func amount(m *money.Money) string {
	if m == nil {
		return "0"
	}
	return fmt.Sprintf("%d.%09d %s", m.GetUnits(), m.GetNanos(), m.GetCurrencyCode())
}

// zero says whether m is nothing, in whatever currency.
func zero(m *money.Money) bool { return m.GetUnits() == 0 && m.GetNanos() == 0 }

// same compares two amounts; nothing equals nothing in any currency.
func same(a, b *money.Money) bool {
	if zero(a) && zero(b) {
		return true
	}
	return a.GetCurrencyCode() == b.GetCurrencyCode() && a.GetUnits() == b.GetUnits() && a.GetNanos() == b.GetNanos()
}
