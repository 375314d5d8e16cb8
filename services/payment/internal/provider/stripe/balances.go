package stripe

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	stripego "github.com/stripe/stripe-go/v84"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// pageSize is the largest that Stripe serves.
const pageSize = 100

// Balances reads the balance of every payment with a successful PaymentIntent that
// was made since a time, sorted by order id. Stripe lists by time alone, so that all
// are held in memory, some 300 bytes each. What bears no payment's id is not ours.
func (s *Stripe) Balances(ctx context.Context, since time.Time) ([]provider.Balance, error) {
	// A refund is made after its charge, so that the charges are read first.
	balances, payments, err := s.charged(ctx, since)
	if err != nil {
		return nil, err
	}
	params := &stripego.RefundListParams{CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: since.Unix()}}
	params.Limit = stripego.Int64(pageSize)
	for refund, err := range s.client.V1Refunds.List(ctx, params) {
		if err != nil {
			return nil, apiFailure("list refunds", err)
		}
		if refund.Status != stripego.RefundStatusSucceeded || refund.PaymentIntent == nil {
			continue
		}
		balance := balances[payments[refund.PaymentIntent.ID]]
		if balance == nil {
			continue
		}
		amount, err := fromMinor(string(refund.Currency), refund.Amount)
		if err != nil {
			return nil, err
		}
		if balance.Refunded, err = balance.Refunded.Add(amount); err != nil {
			return nil, err
		}
	}
	sorted := make([]provider.Balance, 0, len(balances))
	for _, balance := range balances {
		sorted = append(sorted, *balance)
	}
	slices.SortFunc(sorted, func(a, b provider.Balance) int {
		return strings.Compare(a.OrderID.String()+a.PaymentID.String(), b.OrderID.String()+b.PaymentID.String())
	})
	return sorted, nil
}

// charged sums what succeeded by payment, and returns which payment a PaymentIntent is of.
func (s *Stripe) charged(ctx context.Context, since time.Time) (map[uuid.UUID]*provider.Balance, map[string]uuid.UUID, error) {
	balances, payments := map[uuid.UUID]*provider.Balance{}, map[string]uuid.UUID{}
	params := &stripego.PaymentIntentListParams{CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: since.Unix()}}
	params.Limit = stripego.Int64(pageSize)
	for intent, err := range s.client.V1PaymentIntents.List(ctx, params) {
		if err != nil {
			return nil, nil, apiFailure("list PaymentIntents", err)
		}
		payment := idOf(intent.Metadata, metaPayment)
		if payment == uuid.Nil || intent.Status != stripego.PaymentIntentStatusSucceeded {
			continue
		}
		amount, err := fromMinor(string(intent.Currency), intent.AmountReceived)
		if err != nil {
			return nil, nil, err
		}
		balance := balances[payment]
		if balance == nil {
			balance = &provider.Balance{
				OrderID: idOf(intent.Metadata, metaOrder), PaymentID: payment,
				Charged: zero(amount.Currency), Refunded: zero(amount.Currency),
			}
			balances[payment] = balance
		}
		balance.Charges++
		if balance.Charged, err = balance.Charged.Add(amount); err != nil {
			return nil, nil, err
		}
		payments[intent.ID] = payment
	}
	return balances, payments, nil
}
