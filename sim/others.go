package sim

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
	paymentsim "github.com/shopmesh/shopmesh/services/payment/sim"
)

// readInterval is how often payment reads the provider's list of what others did.
const readInterval = 5 * time.Minute

// charge is the charge of an order that took money; nil when none did.
func (p *provider) charge(order uuid.UUID) *made {
	for _, m := range p.all {
		if m.request.OrderID == order && m.request.RefundID == uuid.Nil && m.outcome == paymentsim.Done {
			return m
		}
	}
	return nil
}

// refusal is why the provider refuses a refund; empty when it does not.
func (p *provider) refusal(order uuid.UUID, amount int64) string {
	_, taken, given := p.balance(order)
	lost := p.lost[order]
	switch {
	case p.disputed[order] > 0 || lost > 0 && amount > taken-given-lost:
		return "charge_disputed"
	case taken == given:
		return "charge_already_refunded"
	case amount > taken-given:
		return "refund_exceeds_charge"
	}
	return ""
}

// lookUp answers how a refund stands that others made.
func (p *provider) lookUp(id string) (paymentsim.Answer, error) {
	for _, m := range p.all {
		if m.id == id && m.byOthers {
			return m.answer(), nil
		}
	}
	return paymentsim.Answer{}, fmt.Errorf("the refund %s was never made", id)
}

// refundByOthers gives back amount minor units of an order's money, or what is left of
// it, as somebody at the provider's dashboard does.
func (w *world) refundByOthers(order uuid.UUID, amount int64) {
	charge := w.provider.charge(order)
	if charge == nil || w.calm {
		return
	}
	_, taken, given := w.provider.balance(order)
	if amount = min(amount, taken-given-w.provider.lost[order]); amount <= 0 || w.provider.refusal(order, amount) != "" {
		return
	}
	part := money.Money{Currency: charge.request.Amount.Currency, Amount: amount}
	m := &made{
		id: fmt.Sprintf("id-%d", len(w.provider.all)), outcome: paymentsim.Done, byOthers: true,
		request: paymentsim.Request{PaymentID: charge.request.PaymentID, OrderID: order, RefundID: w.newID(), Amount: part},
	}
	w.provider.all = append(w.provider.all, m)
	w.note(order, "provider", fmt.Sprintf("%s is given back by others: %s", part, m.id))
	w.count("refunded by others")
	w.report(paymentsim.Notice{OrderID: order, PaymentID: charge.request.PaymentID, ChargeID: charge.id, Amount: part, RefundID: m.id})
}

// dispute has a bank dispute what is left of an order's charge, or a part of it, and decide
// later, for the shop or for its customer. Until then the provider refuses refunds. Some
// disputes that were lost are won after all.
func (w *world) dispute(order uuid.UUID) {
	charge := w.provider.charge(order)
	if charge == nil || w.calm || w.provider.disputed[order] > 0 {
		return
	}
	_, taken, given := w.provider.balance(order)
	amount := taken - given - w.provider.lost[order]
	if amount == 0 {
		return
	}
	if w.chance(0.5) {
		amount = 1 + w.rng.Int64N(amount)
	}
	part := money.Money{Currency: charge.request.Amount.Currency, Amount: amount}
	w.disputes++
	id := fmt.Sprintf("dispute-%d", w.disputes)
	w.provider.disputed[order]++
	w.note(order, "provider", fmt.Sprintf("a bank opens %s of %s", id, part))
	w.count("disputed")
	n := paymentsim.Notice{OrderID: order, PaymentID: charge.request.PaymentID, ChargeID: charge.id, Amount: part, DisputeID: id}
	w.report(n)
	w.after(w.between(time.Minute, 2*w.plan.window), func() {
		w.provider.disputed[order]--
		if w.chance(0.5) {
			w.win(n)
			return
		}
		w.provider.disputes[id] = disputeLost
		w.provider.lost[order] += amount
		w.note(order, "provider", "the shop loses "+id)
		w.count("dispute lost")
		w.report(n)
		if w.chance(0.5) {
			w.after(w.between(time.Minute, 2*w.plan.window), func() {
				w.provider.lost[order] -= amount
				w.count("dispute won after all")
				w.win(n)
			})
		}
	})
}

// win has a bank decide for the shop, which keeps the money.
func (w *world) win(n paymentsim.Notice) {
	w.provider.disputes[n.DisputeID] = disputeWon
	w.note(n.OrderID, "provider", "the shop wins "+n.DisputeID)
	w.report(n)
}

// report adds a notice to the provider's list, and sends it to payment: sometimes never,
// late, or twice.
func (w *world) report(n paymentsim.Notice) {
	w.reported = append(w.reported, n)
	if w.chance(w.f.LoseNotice) {
		w.count("a notice was lost")
		return
	}
	times := 1
	if w.chance(w.f.AnswerTwice) {
		times = 2
	}
	for range times {
		w.after(w.between(time.Millisecond, w.plan.window), func() {
			if !time.Now().Before(w.payments.up) {
				w.notice(n)
			}
		})
	}
}

// notice has payment apply a notice; it reports whether that is done.
func (w *world) notice(n paymentsim.Notice) bool {
	end := w.provider.disputes[n.DisputeID]
	standing := paymentsim.Standing{Won: end == disputeWon, Lost: end == disputeLost, At: w.payments.now()}
	published, commit, contradiction, again := w.payment.Notice(n, standing)
	if contradiction != "" {
		w.fail(n.OrderID, "a true notice contradicts the books: %s", contradiction)
		return false
	}
	what := fmt.Sprintf("applies a notice of %s%s", n.RefundID, n.DisputeID)
	return w.payments.transact(n.OrderID, what, published, commit) && !again
}

// reconcile reads the provider's list from where it was read last. The place is kept only
// when everything before it was applied, and not when the process dies meanwhile.
func (w *world) reconcile() {
	w.nextRead = time.Now().Add(readInterval)
	waiting := false
	for i := w.read; i < len(w.reported); i++ {
		life := w.payments.life
		if !w.notice(w.reported[i]) {
			waiting = true
		}
		if life != w.payments.life || w.broken != nil {
			return
		}
		if !waiting {
			w.read = i + 1
		}
	}
}

// unread is when the list is read again; zero while all of it was read.
func (w *world) unread() time.Time {
	if w.read == len(w.reported) {
		return time.Time{}
	}
	if w.nextRead.IsZero() {
		return w.start
	}
	return w.nextRead
}
