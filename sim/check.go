package sim

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	notificationsim "github.com/shopmesh/shopmesh/services/notification/sim"
	ordersim "github.com/shopmesh/shopmesh/services/order/sim"
	paymentsim "github.com/shopmesh/shopmesh/services/payment/sim"
)

// check looks for what must never be, between any two steps: within each context
// and among them.
func (w *world) check() {
	if w.broken != nil {
		return
	}
	var broken *ordersim.Broken
	if err := w.order.Check(); errors.As(err, &broken) {
		w.fail(broken.OrderID, "%s", broken.What)
	}
	for _, check := range []func() (uuid.UUID, string){w.inventory.Check, w.payment.Check, w.notification.Check, w.catalog.Check} {
		if about, what := check(); what != "" {
			w.fail(about, "%s", what)
		}
	}
	for i := range w.order.Len() {
		v := w.order.Order(i)
		if what := w.wrong(v); what != "" {
			w.fail(v.ID, "%s", what)
			return
		}
	}
	for _, key := range w.inbox.keys {
		if _, resends := w.notification.Status(key); w.inbox.count[key] > 1+resends {
			w.fail(key.Subject, "%d mails %s about %s, resent %d times", w.inbox.count[key], key.Kind, key.Subject, resends)
		}
	}
}

// wrong compares an order with what the other contexts, the provider and the mail
// server have.
func (w *world) wrong(v ordersim.View) string {
	charges, taken, given := w.provider.balance(v.ID)
	lost := w.provider.lost[v.ID]
	p, paid := w.payment.Payment(v.ID)
	reservation := w.inventory.Reservation(v.ID)
	sold, back := w.inventory.Taken(v.ID)
	switch {
	case charges > 1:
		return fmt.Sprintf("charged %d times at the provider", charges)
	case taken > v.Total.Amount || given+lost > taken:
		return fmt.Sprintf("the provider took %d of %s, gave %d back, and a bank %d", taken, v.Total, given, lost)
	case p.Captured.Amount != 0 && p.Captured.Amount != taken || p.Refunded.Amount > given:
		return fmt.Sprintf("payment has %s captured and %s given back, the provider %d and %d", p.Captured, p.Refunded, taken, given)
	case paid && (p.Status == "FAILED" || p.Status == "CANCELLED") && taken > 0:
		return fmt.Sprintf("payment has %s, and the provider took %d", p.Status, taken)
	case v.Captured.Amount != 0 && v.Captured != p.Captured || v.Refunded.Amount > p.Refunded.Amount:
		return fmt.Sprintf("order has %s captured and %s given back, payment %s and %s", v.Captured, v.Refunded, p.Captured, p.Refunded)
	case v.WasConfirmed && (!paid || p.Captured != v.Total):
		return fmt.Sprintf("was confirmed, and payment has %s captured of %s", p.Captured, v.Total)
	case (v.Paid || v.State == "AWAITING_PAYMENT") && reservation != "RESERVED" && reservation != "COMMITTED":
		return fmt.Sprintf("is %s, and its reservation is %q", v.State, reservation)
	case reservation == "COMMITTED" && !v.WasConfirmed:
		return fmt.Sprintf("is %s, and its stock was taken", v.State)
	case (reservation == "RELEASED" || reservation == "RESTOCKED" || reservation == "REJECTED" && !v.Unpaid) && v.State != "CANCELLED":
		return fmt.Sprintf("is %s, and its reservation is %q", v.State, reservation)
	case back > sold:
		return fmt.Sprintf("%d pieces were taken and %d came back", sold, back)
	}
	return w.wrongMails(v, p)
}

func (w *world) wrongMails(v ordersim.View, p paymentsim.View) string {
	if w.inbox.count[mail("ORDER_CONFIRMED", v.ID)] > 0 && !v.WasConfirmed {
		return "got a confirmation mail, and was never confirmed"
	}
	if w.inbox.count[mail("ORDER_CANCELLED", v.ID)] > 0 && v.State != "CANCELLED" {
		return fmt.Sprintf("got a cancellation mail, and is %s", v.State)
	}
	for _, refund := range v.Refunds {
		if !contains(p.Succeeded, refund) {
			return fmt.Sprintf("knows of the refund %s, which payment did not give", refund)
		}
	}
	return ""
}

func mail(kind string, subject uuid.UUID) notificationsim.Key {
	return notificationsim.Key{Kind: kind, Subject: subject}
}

func contains(ids []uuid.UUID, id uuid.UUID) bool {
	for _, one := range ids {
		if one == id {
			return true
		}
	}
	return false
}

// checkEnd checks, once nothing more happens, that everything came to a good end.
func (w *world) checkEnd() {
	for _, n := range w.nodes {
		if len(n.outbox) > 0 {
			w.fail(uuid.Nil, "%s still has %d events to publish", n.name, len(n.outbox))
		}
	}
	erased := w.customer.Erased()
	for i := range w.order.Len() {
		v := w.order.Order(i)
		if what := w.unfinished(v); what != "" {
			w.fail(v.ID, "in the end %s", what)
			return
		}
		if contains(erased, v.CustomerID) && !v.Erased {
			w.fail(v.ID, "the customer's data was erased, the order's was not")
		}
		w.count(strings.TrimSpace("ended " + v.State + " " + v.CancelReason))
		if v.CancelReason == "EXPIRED" && v.Captured.Amount > 0 {
			w.count("paid after it expired")
		}
	}
	for _, key := range w.notification.Unsent() {
		w.fail(uuid.Nil, "the mail %s about %s waits for ever", key.Kind, key.Subject)
	}
	w.sameProducts()
}

func (w *world) unfinished(v ordersim.View) string {
	_, taken, given := w.provider.balance(v.ID)
	lost := w.provider.lost[v.ID]
	p, paid := w.payment.Payment(v.ID)
	reservation := w.inventory.Reservation(v.ID)
	sold, back := w.inventory.Taken(v.ID)
	switch {
	case !v.Quiet:
		return fmt.Sprintf("it is %s and awaits %v", v.State, v.Awaits())
	case v.State != "DELIVERED" && v.State != "CANCELLED":
		return "it is " + v.State
	case paid && (!p.Decided || p.Pending):
		return fmt.Sprintf("its payment is %s, a refund pending: %t", p.Status, p.Pending)
	case p.Captured.Amount != taken || p.Refunded.Amount != given:
		return fmt.Sprintf("payment has %s captured and %s given back, the provider %d and %d", p.Captured, p.Refunded, taken, given)
	case v.Captured.Amount != taken || v.Refunded.Amount != given || len(v.Refunds) != len(p.Succeeded):
		return fmt.Sprintf("it has %s captured and %s given back in %d refunds, the provider %d and %d in %d",
			v.Captured, v.Refunded, len(v.Refunds), taken, given, len(p.Succeeded))
	case p.Lost != lost:
		return fmt.Sprintf("payment has %d lost to banks, the provider %d", p.Lost, lost)
	case v.State == "CANCELLED" && taken != given+lost:
		return fmt.Sprintf("it is CANCELLED, %d was taken, %d given back, and a bank took %d", taken, given, lost)
	case v.State == "CANCELLED" && (reservation == "" || reservation == "RESERVED" || reservation == "COMMITTED" || sold != back):
		return fmt.Sprintf("it is CANCELLED, its reservation %q, %d pieces were taken and %d came back", reservation, sold, back)
	case v.State == "DELIVERED" && (reservation != "COMMITTED" || sold != v.Pieces || back != 0):
		return fmt.Sprintf("it is DELIVERED, its reservation %q, %d of %d pieces were taken and %d came back", reservation, sold, v.Pieces, back)
	}
	return w.missingMail(v)
}

// missingMail names a mail that somebody should have got, or that should have failed.
func (w *world) missingMail(v ordersim.View) string {
	if v.Erased {
		return ""
	}
	var want []notificationsim.Key
	if v.State == "CANCELLED" {
		want = append(want, mail("ORDER_CANCELLED", v.ID))
	} else {
		want = append(want, mail("ORDER_CONFIRMED", v.ID), mail("ORDER_SHIPPED", v.ShipmentID))
	}
	for _, refund := range v.Refunds {
		want = append(want, mail("ORDER_REFUNDED", refund))
	}
	for _, key := range want {
		status, _ := w.notification.Status(key)
		switch {
		case status == "SENT" && w.inbox.count[key] == 0:
			return fmt.Sprintf("its mail %s is SENT and never arrived", key.Kind)
		case status != "SENT" && status != "FAILED":
			return fmt.Sprintf("its mail %s is %q", key.Kind, status)
		}
		w.count("mail " + status)
	}
	return ""
}

// sameProducts compares what contexts know of each other's products.
func (w *world) sameProducts() {
	known := map[uuid.UUID]ordersim.Product{}
	for _, p := range w.order.Products() {
		known[p.ID] = p
	}
	levels := map[uuid.UUID]int64{}
	for _, level := range w.inventory.Levels() {
		levels[level.ID] = level.Available
	}
	for _, p := range w.catalog.Products() {
		if k := known[p.ID]; k.Price != p.Price || k.Version != p.Version {
			w.fail(uuid.Nil, "order knows product %s at version %d for %s, catalog has %d for %s", p.ID, k.Version, k.Price, p.Version, p.Price)
		}
		if levels[p.ID] != p.Available {
			w.fail(uuid.Nil, "catalog shows %d of product %s, inventory has %d", p.Available, p.ID, levels[p.ID])
		}
	}
}

// restless is an order that does not come to rest; the nil id when all did.
func (w *world) restless() uuid.UUID {
	for i := range w.order.Len() {
		if v := w.order.Order(i); !v.Quiet {
			return v.ID
		}
	}
	return uuid.Nil
}
