package domain

import "fmt"

// State is where an order is on its way. The numbers are stored.
type State int

// The states.
const (
	// Placed is accepted; its stock is being reserved.
	Placed State = iota + 1
	// AwaitingPayment has its stock reserved; the payment is being taken.
	AwaitingPayment
	// Confirmed is paid.
	Confirmed
	// Shipped is on its way to the customer.
	Shipped
	// Delivered arrived.
	Delivered
	// Cancelled ended without a sale; what was paid is given back.
	Cancelled
)

// allowedMoves is the one table of moves; a state that is not a key is final.
var allowedMoves = map[State][]State{
	Placed:          {AwaitingPayment, Cancelled},
	AwaitingPayment: {Confirmed, Cancelled},
	Confirmed:       {Shipped, Cancelled},
	Shipped:         {Delivered},
}

// MayMoveTo reports whether an order in state s may come to state next.
func (s State) MayMoveTo(next State) bool {
	for _, allowed := range allowedMoves[s] {
		if allowed == next {
			return true
		}
	}
	return false
}

// Moves returns the states that may follow s; none when s is final.
func (s State) Moves() []State { return append([]State(nil), allowedMoves[s]...) }

// Final reports whether no state follows s.
func (s State) Final() bool { return len(allowedMoves[s]) == 0 }

// Unpaid reports whether an order in state s still waits for its payment.
func (s State) Unpaid() bool { return s == Placed || s == AwaitingPayment }

// Paid reports whether an order in state s was paid and not cancelled.
func (s State) Paid() bool { return s == Confirmed || s == Shipped || s == Delivered }

// String returns the state's name as the contract has it, such as "PLACED".
func (s State) String() string {
	switch s {
	case Placed:
		return "PLACED"
	case AwaitingPayment:
		return "AWAITING_PAYMENT"
	case Confirmed:
		return "CONFIRMED"
	case Shipped:
		return "SHIPPED"
	case Delivered:
		return "DELIVERED"
	case Cancelled:
		return "CANCELLED"
	default:
		return fmt.Sprintf("STATE_%d", int(s))
	}
}

// CancelReason is why an order was cancelled. The numbers are stored.
type CancelReason int

// The reasons.
const (
	// NotCancelled is the reason of an order that was not cancelled.
	NotCancelled CancelReason = iota
	// OutOfStock is less available than ordered.
	OutOfStock
	// PaymentDeclined is a payment that was declined.
	PaymentDeclined
	// Expired is an order that was not paid in time.
	Expired
	// Requested is an order that somebody cancelled.
	Requested
)

// String returns the reason's name as the contract has it; empty for NotCancelled.
func (r CancelReason) String() string {
	switch r {
	case NotCancelled:
		return ""
	case OutOfStock:
		return "OUT_OF_STOCK"
	case PaymentDeclined:
		return "PAYMENT_FAILED"
	case Expired:
		return "EXPIRED"
	case Requested:
		return "REQUESTED"
	default:
		return fmt.Sprintf("REASON_%d", int(r))
	}
}
