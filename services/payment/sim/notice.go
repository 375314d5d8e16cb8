package sim

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// Notice is what the provider reports of its own accord: a refund that others made, or
// a dispute.
type Notice struct {
	OrderID   uuid.UUID
	PaymentID uuid.UUID
	ChargeID  string
	Amount    money.Money
	// RefundID is the provider's of a refund, DisputeID of a dispute.
	RefundID  string
	DisputeID string
}

// Standing is how a dispute stands at the provider, and when that was looked up.
type Standing struct {
	Won, Lost bool
	At        time.Time
}

// Notice applies a notice, by a webhook or out of the provider's list. Dispute is how its
// dispute stands by now. It returns what contradicts the books, and whether the notice
// has to come again.
func (s *Store) Notice(n Notice, dispute Standing) (published []outbox.Event, commit func(), contradiction string, again bool) {
	r, known := s.payments[n.PaymentID]
	if !known {
		return nil, nil, "there is no such payment", false
	}
	account, m := r.load(), s.decision()
	notice := domain.Notice{OrderID: n.OrderID, ChargeID: n.ChargeID, Amount: n.Amount}
	if n.DisputeID != "" {
		account.LoadDisputes(append([]domain.Dispute(nil), r.disputes...))
		status := domain.DisputeNeedsResponse
		switch {
		case dispute.Won:
			status = domain.DisputeWon
		case dispute.Lost && !s.cfg.Bugs.IgnoreLosses:
			status = domain.DisputeLost
		}
		notice.Dispute = &domain.Dispute{
			ID: n.DisputeID, Amount: n.Amount, Reason: "fraudulent", Status: status, OpenTime: dispute.At, ObserveTime: dispute.At,
		}
	} else {
		notice.Refund = &domain.RefundNotice{ProviderID: n.RefundID, Reversed: s.cfg.Bugs.IgnoreRefunds}
	}
	verdict := account.ApplyNotice(notice, m)
	var changes domain.Changes
	changes.Collect(account, m.Now)
	return outgoing(changes.Events), func() { s.save(changes) }, verdict.Contradiction, verdict.TooEarly
}
