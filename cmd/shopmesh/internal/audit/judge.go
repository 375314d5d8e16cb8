package audit

import (
	"fmt"
	"slices"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
)

// verdict collects what is found about one order.
type verdict struct {
	subject  string
	findings []Finding
}

func (v *verdict) find(kind, context, format string, args ...any) {
	v.findings = append(v.findings, Finding{Kind: kind, Subject: v.subject, Context: context, Message: fmt.Sprintf(format, args...)})
}

// Judge says what is wrong with one order, and whether work on it is under way.
// What is wrong whatever comes is a finding at once; what later events may still
// bring right is one only when the order is quiet, or final is set because the
// time to wait is over.
func Judge(f Facts, final bool) (findings []Finding, pending bool) {
	v := &verdict{subject: f.OrderID}
	v.always(f)
	if f.Order == nil {
		v.orphans(f)
		return v.findings, false
	}
	if !f.quiet() {
		if !final {
			return v.findings, true
		}
		v.find("ORDER_STUCK", "order", "order %s is %s and still waits for %v", f.Order.GetNumber(), f.Order.GetState(), f.Order.GetAwaits())
	}
	v.money(f)
	v.stock(f)
	v.mails(f)
	return v.findings, false
}

// always finds what no later event can bring right.
func (v *verdict) always(f Facts) {
	if n := f.Provider.GetCharges(); n > 1 {
		v.find("DOUBLE_CHARGE", "payment", "the provider charged %d times, %s in all", n, amount(f.Provider.GetCharged()))
	}
	seen := map[string]int{}
	for _, m := range f.Mails {
		seen[m.GetKind()+"/"+m.GetSubjectId()]++
	}
	for key, n := range seen {
		if n > 1 {
			v.find("MAIL_DOUBLE", "notification", "%d mails %s, there must be one", n, key)
		}
	}
}

// orphans finds what others hold of an order that order does not know.
func (v *verdict) orphans(f Facts) {
	if f.Reservation != nil && f.Reservation.GetState() != "RELEASED" {
		v.find("RESERVATION_WITHOUT_ORDER", "inventory+order", "a reservation is %s for an order that does not exist", f.Reservation.GetState())
	}
	if f.Payment != nil {
		v.find("PAYMENT_WITHOUT_ORDER", "payment+order", "payment %s is %s for an order that does not exist", f.Payment.GetPaymentId(), f.Payment.GetStatus())
	}
	if f.Provider != nil && f.Payment == nil {
		v.find("CHARGE_WITHOUT_PAYMENT", "payment", "the provider charged %s for an order that does not exist", amount(f.Provider.GetCharged()))
	}
	if len(f.Mails) > 0 {
		v.find("MAIL_WITHOUT_ORDER", "notification+order", "%d mails were written about an order that does not exist", len(f.Mails))
	}
}

// paidFor says whether an order in this state must be paid in full.
func paidFor(state string) bool {
	return state == "CONFIRMED" || state == "SHIPPED" || state == "DELIVERED"
}

// money compares order, payment and the provider's ledger.
func (v *verdict) money(f Facts) {
	o, p, l := f.Order, f.Payment, f.Provider
	if !same(o.GetCaptured(), p.GetCaptured()) || !same(o.GetRefunded(), p.GetRefunded()) {
		v.find("BALANCE_MISMATCH", "order+payment", "order counts %s captured and %s refunded, payment %s and %s",
			amount(o.GetCaptured()), amount(o.GetRefunded()), amount(p.GetCaptured()), amount(p.GetRefunded()))
	}
	if !same(p.GetCaptured(), l.GetCharged()) || !same(p.GetRefunded(), l.GetRefunded()) {
		v.find("PROVIDER_MISMATCH", "payment", "payment counts %s captured and %s refunded, the provider's ledger %s and %s",
			amount(p.GetCaptured()), amount(p.GetRefunded()), amount(l.GetCharged()), amount(l.GetRefunded()))
	}
	switch {
	case o.GetState() == "CANCELLED" && !same(o.GetCaptured(), o.GetRefunded()):
		v.find("PAID_AND_CANCELLED", "order", "the order is CANCELLED, %s was captured and %s given back", amount(o.GetCaptured()), amount(o.GetRefunded()))
	case paidFor(o.GetState()) && !same(o.GetCaptured(), o.GetTotal()):
		v.find("NOT_PAID_IN_FULL", "order", "the order is %s, its total is %s and %s was captured", o.GetState(), amount(o.GetTotal()), amount(o.GetCaptured()))
	}
}

// stock compares the order's lines with its reservation and the ledger.
func (v *verdict) stock(f Facts) {
	o, r := f.Order, f.Reservation
	state := r.GetState()
	switch {
	case paidFor(o.GetState()):
		if state != "COMMITTED" {
			v.find("STOCK_NOT_COMMITTED", "inventory+order", "the order is %s, its reservation %s", o.GetState(), orNone(state))
		}
		if d := differ(o.GetLines(), r.GetLines(), 1); state == "COMMITTED" && d != "" {
			v.find("RESERVATION_MISMATCH", "inventory+order", "ordered and reserved differ: %s", d)
		}
		if d := differ(o.GetLines(), r.GetLedger(), -1); d != "" {
			v.find("LEDGER_ORDER_MISMATCH", "inventory+order", "ordered and taken from stock differ: %s", d)
		}
	case o.GetState() == "CANCELLED":
		if state == "RESERVED" || state == "COMMITTED" {
			v.find("STOCK_NOT_RELEASED", "inventory+order", "the order is CANCELLED, its reservation %s", state)
		}
		if d := differ(nil, r.GetLedger(), 1); d != "" {
			v.find("LEDGER_ORDER_MISMATCH", "inventory+order", "the order is CANCELLED and its stock did not return: %s", d)
		}
	}
}

// mails checks that each mail that is due was sent once, and none that is not.
func (v *verdict) mails(f Facts) {
	o := f.Order
	due := map[string]bool{}
	switch {
	case o.GetState() == "CANCELLED":
		due["ORDER_CANCELLED/"+o.GetOrderId()] = true
	case paidFor(o.GetState()):
		due["ORDER_CONFIRMED/"+o.GetOrderId()] = true
	}
	for _, id := range o.GetRefundIds() {
		due["ORDER_REFUNDED/"+id] = true
	}
	shipped := false
	for _, m := range f.Mails {
		key := m.GetKind() + "/" + m.GetSubjectId()
		switch {
		case due[key]:
			delete(due, key)
		case m.GetKind() == "ORDER_SHIPPED" && o.GetShipped():
			shipped = true
		case m.GetKind() == "ORDER_CONFIRMED" && o.GetState() == "CANCELLED" && !zero(o.GetCaptured()):
			// It was confirmed before it was cancelled.
		default:
			v.find("MAIL_NOT_DUE", "notification+order", "a mail %s was written, the order is %s", key, o.GetState())
		}
		switch m.GetStatus() {
		case "PENDING":
			v.find("MAIL_NOT_SENT", "notification", "the mail %s is still %s", key, m.GetStatus())
		case "FAILED":
			v.find("MAIL_FAILED", "notification", "the mail %s could not be sent", key)
		}
	}
	if o.GetShipped() && !shipped {
		due["ORDER_SHIPPED"] = true
	}
	for _, key := range sortedKeys(due) {
		v.find("MAIL_MISSING", "notification+order", "the mail %s was never written", key)
	}
}

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// differ compares quantities by product, want times sign; it names the first difference.
func differ(want, got []*operationsv1.AuditLine, sign int64) string {
	sum := map[string]int64{}
	for _, l := range want {
		sum[l.GetProductId()] += sign * l.GetQuantity()
	}
	for _, l := range got {
		sum[l.GetProductId()] -= l.GetQuantity()
	}
	for _, l := range append(slices.Clone(want), got...) {
		if d := sum[l.GetProductId()]; d != 0 {
			return fmt.Sprintf("product %s by %d", l.GetProductId(), d)
		}
	}
	return ""
}

func orNone(s string) string {
	if s == "" {
		return "missing"
	}
	return s
}
