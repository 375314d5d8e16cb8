package domain

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// DisputeStatus is how a dispute stands. The numbers are those of the contract's
// DisputeStatus and of the database.
type DisputeStatus int16

// The statuses of a dispute.
const (
	// DisputeNeedsResponse waits for the shop's answer at the provider.
	DisputeNeedsResponse DisputeStatus = 1
	// DisputeUnderReview waits for the bank's decision.
	DisputeUnderReview DisputeStatus = 2
	// DisputeWon is closed: the shop keeps the money.
	DisputeWon DisputeStatus = 3
	// DisputeLost is closed: the provider took the money from the shop.
	DisputeLost DisputeStatus = 4
	// DisputeClosed is an inquiry that was closed without becoming a dispute.
	DisputeClosed DisputeStatus = 5
)

var disputeStatusNames = [...]string{
	DisputeNeedsResponse: "NEEDS_RESPONSE",
	DisputeUnderReview:   "UNDER_REVIEW",
	DisputeWon:           "WON",
	DisputeLost:          "LOST",
	DisputeClosed:        "CLOSED",
}

// String returns the status' name in the contract, without its prefix.
func (s DisputeStatus) String() string {
	if s < DisputeNeedsResponse || s > DisputeClosed {
		return "UNKNOWN"
	}
	return disputeStatusNames[s]
}

// Open reports whether the bank has not decided yet.
func (s DisputeStatus) Open() bool { return s == DisputeNeedsResponse || s == DisputeUnderReview }

// Dispute is a bank's demand, for its customer, to have a payment's money back. The
// provider decides everything about it; the books only follow.
type Dispute struct {
	// ID is the provider's.
	ID        string
	PaymentID uuid.UUID
	OrderID   uuid.UUID
	Amount    money.Money
	// Reason is the provider's word for why.
	Reason   string
	Status   DisputeStatus
	OpenTime time.Time
	// CloseTime is zero while it is open.
	CloseTime time.Time
	// ObserveTime is when it was looked up at the provider: an older observation
	// that arrives late changes nothing.
	ObserveTime time.Time
	// Version is the payment's version when the dispute last changed.
	Version    int64
	CreateTime time.Time
	UpdateTime time.Time
}

// applyDispute records how a dispute stands, and publishes it when that is news.
func (a *Account) applyDispute(seen Dispute, trace string, dc DecisionContext) {
	seen.PaymentID, seen.OrderID = a.payment.ID, a.payment.OrderID
	seen.Reason = cut(seen.Reason, MaxCode)
	seen.CreateTime, seen.UpdateTime = dc.Now, dc.Now
	if !seen.Status.Open() {
		seen.CloseTime = dc.Now
	}
	for i, known := range a.disputes {
		if known.ID != seen.ID {
			continue
		}
		if !seen.ObserveTime.After(known.ObserveTime) || known.Status == seen.Status && known.Amount == seen.Amount && known.Reason == seen.Reason {
			return
		}
		seen.CreateTime = known.CreateTime
		if !known.Status.Open() && !seen.Status.Open() {
			seen.CloseTime = known.CloseTime
		}
		a.disputes[i] = a.publishNewDispute(seen, trace, dc)
		a.refundUndisputed(trace, dc)
		return
	}
	a.disputes = append(a.disputes, a.publishNewDispute(seen, trace, dc))
	a.refundUndisputed(trace, dc)
}

// refundUndisputed gives back what the banks left of a cancelled order's money, once they
// have decided: while a dispute was open the provider refused refunds.
func (a *Account) refundUndisputed(trace string, dc DecisionContext) {
	if a.payment.OrderCancelled && a.disputesClosed() {
		a.refundRest(trace, dc)
	}
}

// disputesClosed reports that there were disputes and that all are decided: the provider
// gives refunds again, of what no bank took.
func (a *Account) disputesClosed() bool {
	return len(a.disputes) > 0 && !slices.ContainsFunc(a.disputes, func(d Dispute) bool { return d.Status.Open() })
}

// lost is what banks took from the shop for their customer, who needs no refund of it.
func (a *Account) lost() int64 {
	var lost int64
	for _, d := range a.disputes {
		if d.Status == DisputeLost {
			lost += d.Amount.Amount
		}
	}
	return lost
}

func (a *Account) publishNewDispute(d Dispute, trace string, dc DecisionContext) Dispute {
	a.payment.Version++
	a.touch(dc)
	d.Version = a.payment.Version
	a.changedDisputes = append(a.changedDisputes, d)
	a.publishDispute(d, trace)
	return d
}

func (a *Account) publishDispute(d Dispute, trace string) {
	a.publish(Event{Kind: EventDisputed, Version: d.Version, Dispute: d, Trace: trace})
}

// publishDisputes republishes how every dispute stands.
func (a *Account) publishDisputes(trace string) {
	for _, d := range a.disputes {
		a.publishDispute(d, trace)
	}
}
