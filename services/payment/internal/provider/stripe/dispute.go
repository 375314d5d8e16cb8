package stripe

import (
	"context"
	"time"

	stripego "github.com/stripe/stripe-go/v84"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// Dispute reads a dispute as it stands (https://docs.stripe.com/api/disputes).
func (s *Stripe) Dispute(ctx context.Context, id string) (provider.Dispute, error) {
	start := s.now()
	found, err := s.client.V1Disputes.Retrieve(ctx, id, nil)
	if err != nil {
		return provider.Dispute{}, lookUpFailure("look up the dispute", err)
	}
	amount, err := fromMinor(string(found.Currency), found.Amount)
	if err != nil {
		return provider.Dispute{}, err
	}
	dispute := provider.Dispute{
		ID: found.ID, Amount: amount, Reason: string(found.Reason), Status: disputeStatus(found.Status),
		OpenTime: time.Unix(found.Created, 0).UTC(), ObserveTime: start,
	}
	if found.PaymentIntent != nil {
		dispute.ChargeID = found.PaymentIntent.ID
	}
	return dispute, nil
}

// disputeStatus takes inquiries, whose statuses begin with "warning_", for disputes:
// both have to be answered before a deadline.
func disputeStatus(status stripego.DisputeStatus) provider.DisputeStatus {
	switch status {
	case stripego.DisputeStatusNeedsResponse, stripego.DisputeStatusWarningNeedsResponse:
		return provider.DisputeNeedsResponse
	case stripego.DisputeStatusWon:
		return provider.DisputeWon
	case stripego.DisputeStatusLost:
		return provider.DisputeLost
	case stripego.DisputeStatusWarningClosed, stripego.DisputeStatusPrevented:
		return provider.DisputeClosed
	default: // under_review, warning_under_review, and what Stripe may add
		return provider.DisputeUnderReview
	}
}
