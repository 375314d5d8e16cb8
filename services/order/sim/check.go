package sim

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// watched is what was seen of an order at the last check: it never goes back.
type watched struct {
	version int64
	history int
	state   domain.State
}

// Broken is an order that is as it must never be.
type Broken struct {
	OrderID uuid.UUID
	What    string
}

func (b *Broken) Error() string { return fmt.Sprintf("order %s: %s", b.OrderID, b.What) }

// Check finds what must never be in any order, between any two steps.
func (s *Store) Check() error {
	for _, r := range s.placed {
		if what := s.wrong(r); what != "" {
			return &Broken{OrderID: r.order.ID, What: what}
		}
		r.seen = watched{version: r.order.Version, history: len(r.history), state: r.order.State}
	}
	for _, code := range s.codes {
		p := s.products[code]
		if p.Version < s.seen[code] {
			return &Broken{What: fmt.Sprintf("product %s went back from version %d to %d", code, s.seen[code], p.Version)}
		}
		s.seen[code] = p.Version
	}
	return nil
}

func (s *Store) wrong(r *row) string {
	o := &r.order
	if o.Version < r.seen.version || len(r.history) < r.seen.history {
		return fmt.Sprintf("went back from version %d to %d", r.seen.version, o.Version)
	}
	if o.Version == r.seen.version && o.State != r.seen.state {
		return fmt.Sprintf("came from %s to %s within version %d", r.seen.state, o.State, o.Version)
	}
	for _, finding := range domain.Restore(*o).Check(r.history, s.now()) {
		// An order may wait for long here: faults are long, too. That it does not wait
		// for ever is for the end.
		if finding.Kind != "ORDER_STUCK" {
			return finding.Kind + ": " + finding.Message
		}
	}
	for i, entry := range r.history[1:] {
		if entry.Step == domain.Moved && entry.State == domain.Cancelled && entry.CancelReason != domain.Requested && !r.history[i].State.Unpaid() {
			return fmt.Sprintf("%s was cancelled because %s", r.history[i].State, entry.CancelReason)
		}
	}
	switch {
	case o.State.Unpaid() && o.Captured.Amount != 0:
		return fmt.Sprintf("%s and %s captured", o.State, o.Captured)
	case o.State.Paid() && o.Captured != o.Total:
		return fmt.Sprintf("%s and %s captured of %s", o.State, o.Captured, o.Total)
	case o.Refunded.Amount > o.Captured.Amount:
		return fmt.Sprintf("%s given back of %s captured", o.Refunded, o.Captured)
	case (o.State == domain.Cancelled) != (o.CancelReason != domain.NotCancelled):
		return fmt.Sprintf("%s for the reason %q", o.State, o.CancelReason)
	case o.State.Unpaid() == o.ExpireTime.IsZero():
		return fmt.Sprintf("%s and expires at %s", o.State, o.ExpireTime)
	case (o.Awaits != 0 || !o.ExpireTime.IsZero()) == o.DueTime.IsZero():
		return fmt.Sprintf("awaits %v and is swept at at %s", o.Awaits.Names(), o.DueTime)
	}
	return ""
}

// View is what others may compare an order with.
type View struct {
	ID         uuid.UUID
	PaymentID  uuid.UUID
	CustomerID uuid.UUID
	// State and CancelReason are the contract's names, without their prefixes.
	State        string
	CancelReason string
	Unpaid, Paid bool
	Total        money.Money
	Captured     money.Money
	Refunded     money.Money
	Erased       bool
	// WasConfirmed reports that the order was confirmed, whatever came later.
	WasConfirmed bool
	ShipmentID   uuid.UUID
	Refunds      []uuid.UUID
	// Pieces is how many were ordered.
	Pieces int64
	// Quiet reports that nothing is waited for, nor an expiry.
	Quiet bool

	awaits domain.Awaits
}

// Awaits names what is waited for.
func (v View) Awaits() []string { return v.awaits.Names() }

// Len is how many orders there are.
func (s *Store) Len() int { return len(s.placed) }

// Order is the order that was placed as the i-th.
func (s *Store) Order(i int) View {
	o := &s.placed[i].order
	v := View{
		ID: o.ID, PaymentID: o.PaymentID, State: o.State.String(), CancelReason: o.CancelReason.String(),
		Unpaid: o.State.Unpaid(), Paid: o.State.Paid(), Total: o.Total, Captured: o.Captured, Refunded: o.Refunded,
		Erased: o.Erased, WasConfirmed: o.First.Confirmed > 0, ShipmentID: o.Shipment.ID,
		CustomerID: o.CustomerID, awaits: o.Awaits, Quiet: o.DueTime.IsZero(),
	}
	for _, line := range o.Lines {
		v.Pieces += int64(line.Quantity)
	}
	for _, refund := range o.Refunds {
		v.Refunds = append(v.Refunds, refund.ID)
	}
	return v
}

// Product is what order knows of a product.
type Product struct {
	ID      uuid.UUID
	Price   money.Money
	Version int64
}

// Products are the products that order knows, as they became known.
func (s *Store) Products() []Product {
	var known []Product
	for _, code := range s.codes {
		p := s.products[code]
		known = append(known, Product{ID: p.ID, Price: p.Price, Version: p.Version})
	}
	return known
}
