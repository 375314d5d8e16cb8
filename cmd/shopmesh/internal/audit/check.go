package audit

import (
	"fmt"
	"slices"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
)

// check collects the findings about one order.
type check struct {
	subject  string
	findings []Finding
}

func (c *check) find(kind, context, format string, args ...any) {
	c.findings = append(c.findings, Finding{Kind: kind, Subject: c.subject, Context: context, Message: fmt.Sprintf(format, args...)})
}

// Check returns what is wrong with one order, and whether work on it is under way. What
// no later event can correct is a finding at once. Everything else is a finding when no
// work on the order is under way, or when final is set because the time to wait is over.
func Check(r Records, final bool) (findings []Finding, pending bool) {
	c := &check{subject: r.OrderID}
	c.always(r)
	if r.Order == nil {
		c.orphans(r)
		return c.findings, false
	}
	if !r.quiet() {
		if !final {
			return c.findings, true
		}
		c.find("ORDER_STUCK", "order", "order %s is %s and still waits for %v", r.Order.GetNumber(), r.Order.GetState(), r.Order.GetAwaits())
	}
	c.money(r)
	c.stock(r)
	c.mails(r)
	return c.findings, false
}

// always finds what no later event can correct.
func (c *check) always(r Records) {
	if n := r.Provider.GetCharges(); n > 1 {
		c.find("DOUBLE_CHARGE", "payment", "the provider charged %d times, %s in all", n, amount(r.Provider.GetCharged()))
	}
	seen := map[string]int{}
	for _, m := range r.Mails {
		seen[m.GetKind()+"/"+m.GetSubjectId()]++
	}
	for key, n := range seen {
		if n > 1 {
			c.find("MAIL_DOUBLE", "notification", "%d mails %s, there must be one", n, key)
		}
	}
}

// orphans finds what other contexts have of an order that order does not have.
func (c *check) orphans(r Records) {
	if r.Reservation != nil && r.Reservation.GetState() != "RELEASED" {
		c.find("RESERVATION_WITHOUT_ORDER", "inventory+order", "a reservation is %s for an order that does not exist", r.Reservation.GetState())
	}
	if r.Payment != nil {
		c.find("PAYMENT_WITHOUT_ORDER", "payment+order", "payment %s is %s for an order that does not exist", r.Payment.GetPaymentId(), r.Payment.GetStatus())
	}
	if r.Provider != nil && r.Payment == nil {
		c.find("CHARGE_WITHOUT_PAYMENT", "payment", "the provider charged %s for an order that does not exist", amount(r.Provider.GetCharged()))
	}
	if len(r.Mails) > 0 {
		c.find("MAIL_WITHOUT_ORDER", "notification+order", "%d mails were written about an order that does not exist", len(r.Mails))
	}
}

// paidFor reports whether an order in this state must be paid in full.
func paidFor(state string) bool {
	return state == "CONFIRMED" || state == "SHIPPED" || state == "DELIVERED"
}

// money compares order, payment and the provider's ledger.
func (c *check) money(r Records) {
	o, p, l := r.Order, r.Payment, r.Provider
	if !same(o.GetCaptured(), p.GetCaptured()) || !same(o.GetRefunded(), p.GetRefunded()) {
		c.find("BALANCE_MISMATCH", "order+payment", "order counts %s captured and %s refunded, payment %s and %s",
			amount(o.GetCaptured()), amount(o.GetRefunded()), amount(p.GetCaptured()), amount(p.GetRefunded()))
	}
	if !same(p.GetCaptured(), l.GetCharged()) || !same(p.GetRefunded(), l.GetRefunded()) {
		c.find("PROVIDER_MISMATCH", "payment", "payment counts %s captured and %s refunded, the provider's ledger %s and %s",
			amount(p.GetCaptured()), amount(p.GetRefunded()), amount(l.GetCharged()), amount(l.GetRefunded()))
	}
	switch {
	case o.GetState() == "CANCELLED" && less(sum(o.GetRefunded(), p.GetLost()), o.GetCaptured()):
		c.find("PAID_AND_CANCELLED", "order", "the order is CANCELLED, %s was captured and %s given back", amount(o.GetCaptured()), amount(o.GetRefunded()))
	case paidFor(o.GetState()) && !same(o.GetCaptured(), o.GetTotal()):
		c.find("NOT_PAID_IN_FULL", "order", "the order is %s, its total is %s and %s was captured", o.GetState(), amount(o.GetTotal()), amount(o.GetCaptured()))
	}
}

// stock compares the order's lines with its reservation and the ledger.
func (c *check) stock(r Records) {
	o, reserved := r.Order, r.Reservation
	state := reserved.GetState()
	switch {
	case paidFor(o.GetState()):
		if state != "COMMITTED" {
			c.find("STOCK_NOT_COMMITTED", "inventory+order", "the order is %s, its reservation %s", o.GetState(), orNone(state))
		}
		if d := differ(o.GetLines(), reserved.GetLines(), 1); state == "COMMITTED" && d != "" {
			c.find("RESERVATION_MISMATCH", "inventory+order", "ordered and reserved differ: %s", d)
		}
		if d := differ(o.GetLines(), reserved.GetLedger(), -1); d != "" {
			c.find("LEDGER_ORDER_MISMATCH", "inventory+order", "ordered and taken from stock differ: %s", d)
		}
	case o.GetState() == "CANCELLED":
		if state == "RESERVED" || state == "COMMITTED" {
			c.find("STOCK_NOT_RELEASED", "inventory+order", "the order is CANCELLED, its reservation %s", state)
		}
		if d := differ(nil, reserved.GetLedger(), 1); d != "" {
			c.find("LEDGER_ORDER_MISMATCH", "inventory+order", "the order is CANCELLED and its stock did not return: %s", d)
		}
	}
}

// linkMail is the kind of mails with nothing but the link of a guest's order.
const linkMail = "ORDER_LINK"

// mails checks that each mail that is due was sent once, and none that is not.
func (c *check) mails(r Records) {
	o := r.Order
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
	for _, id := range o.GetUpdateIds() {
		due["ORDER_UPDATED/"+id] = true
	}
	shipped := false
	for _, m := range r.Mails {
		key := m.GetKind() + "/" + m.GetSubjectId()
		switch {
		case due[key]:
			delete(due, key)
		case m.GetKind() == linkMail:
			// Somebody requested the link of a guest's order.
		case m.GetKind() == "ORDER_SHIPPED" && o.GetShipped():
			shipped = true
		case m.GetKind() == "ORDER_CONFIRMED" && o.GetState() == "CANCELLED" && !zero(o.GetCaptured()):
			// It was confirmed before it was cancelled.
		default:
			c.find("MAIL_NOT_DUE", "notification+order", "a mail %s was written, the order is %s", key, o.GetState())
		}
		switch {
		case m.GetStatus() == "FAILED" && m.GetKind() == linkMail:
			// The order may have been claimed before it was sent.
		case m.GetStatus() == "PENDING":
			c.find("MAIL_NOT_SENT", "notification", "the mail %s is still %s", key, m.GetStatus())
		case m.GetStatus() == "FAILED":
			c.find("MAIL_FAILED", "notification", "the mail %s could not be sent", key)
		}
	}
	if o.GetShipped() && !shipped {
		due["ORDER_SHIPPED"] = true
	}
	for _, key := range sortedKeys(due) {
		c.find("MAIL_MISSING", "notification+order", "the mail %s was never written", key)
	}
}

// CheckAccount returns what is wrong with one customer's account, and whether its erasure
// is under way. A customer without an account is right: one is linked before the account is
// made.
func CheckAccount(r AccountRecords, final bool) (findings []Finding, pending bool) {
	c := &check{subject: r.CustomerID}
	switch {
	case r.Account == nil:
	case r.Customer == nil:
		c.find("ACCOUNT_WITHOUT_CUSTOMER", "customer+identity", "account %s signs in as a customer who has no account", r.Account.GetAccountId())
	case r.Customer.GetErased() && !final:
		return nil, true
	case r.Customer.GetErased():
		c.find("ACCOUNT_OF_ERASED_CUSTOMER", "customer+identity", "the customer was erased, account %s still signs in as them", r.Account.GetAccountId())
	case r.Account.GetAccountId() != r.Customer.GetAccountId():
		c.find("ACCOUNT_MISMATCH", "customer+identity", "account %s signs in as a customer whose account is %s", r.Account.GetAccountId(), r.Customer.GetAccountId())
	}
	return c.findings, false
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
