package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// RefundPayment stores a refund once per key and requests it from the provider once. It
// waits for the answer no longer than the provider's time-out, and returns the refund as
// it then stands; a request without an answer goes on in the background. A call with the
// same key makes no other refund and requests nothing: it returns the first refund.
func (p Payments) RefundPayment(ctx context.Context, key idempotency.Key, req *paymentv1.RefundPaymentRequest,
	paymentID uuid.UUID, request domain.RefundRequest,
) (RefundDetails, error) {
	request.Trace = trace.FromContext(ctx)
	if len(request.Lines) > 0 {
		var err error
		if request.Ordered, err = p.orderedLines(ctx, paymentID); err != nil {
			return RefundDetails{}, err
		}
	}
	var made *domain.RefundOrder
	// Only the refund's id is kept as the answer: the rest is read when it is needed.
	answer, err := idempotency.Run(ctx, p.Pool, key, withoutReason(req), &paymentv1.RefundPaymentResponse{},
		func(ctx context.Context, tx *pg.Tx) (*paymentv1.RefundPaymentResponse, error) {
			order, err := p.storeRefund(ctx, tx, paymentID, request)
			if err != nil {
				return nil, err
			}
			tx.OnCommit(func() { made = &order })
			return &paymentv1.RefundPaymentResponse{Refund: &paymentv1.Refund{Id: order.Refund.ID.String()}}, nil
		})
	if err != nil {
		return RefundDetails{}, err
	}
	if made != nil {
		// The caller may leave; what the provider does is recorded all the same.
		p.Worker.Refund(activity.Without(context.WithoutCancel(ctx)), *made)
	}
	id, err := uuid.Parse(answer.GetRefund().GetId())
	if err != nil {
		return RefundDetails{}, err
	}
	return p.refundDetails(ctx, id)
}

// orderedLines reads the lines of a payment's order, which never change. It is read outside of
// the transaction, and only for refunds by lines, because payment keeps no lines.
func (p Payments) orderedLines(ctx context.Context, paymentID uuid.UUID) ([]domain.OrderedLine, error) {
	payment, err := store.On(p.Pool).Get(ctx, paymentID)
	if err != nil {
		return nil, err
	}
	return p.OrderedLines(ctx, payment.OrderID)
}

// withoutReason is a request as it is kept for comparison: with a digest in place of
// what somebody typed, so that an erasure has nothing to blank there.
func withoutReason(req *paymentv1.RefundPaymentRequest) *paymentv1.RefundPaymentRequest {
	kept := proto.CloneOf(req)
	if kept.GetReason() != "" {
		digest := sha256.Sum256([]byte(kept.GetRequestId() + kept.GetReason()))
		kept.Reason = hex.EncodeToString(digest[:])
	}
	return kept
}

func (p Payments) refundDetails(ctx context.Context, id uuid.UUID) (RefundDetails, error) {
	s := store.On(p.Pool)
	refund, err := s.GetRefund(ctx, id)
	if err != nil {
		return RefundDetails{}, err
	}
	attempts, err := s.Attempts(ctx, id)
	return RefundDetails{Refund: refund, Attempts: attempts[id]}, err
}

// storeRefund decides under the payment's lock and queues the refund. The sum of a payment's
// refunds needs the step-up, not one of them: else many small ones would do without.
func (p Payments) storeRefund(ctx context.Context, tx *pg.Tx, paymentID uuid.UUID, request domain.RefundRequest) (domain.RefundOrder, error) {
	accounts, err := store.On(tx).Lock(ctx, []uuid.UUID{paymentID})
	if err != nil {
		return domain.RefundOrder{}, err
	}
	account, known := accounts[paymentID]
	if !known {
		return domain.RefundOrder{}, domain.ErrPaymentNotFound(paymentID.String())
	}
	before := protoconv.Payment(account.Payment(), nil, nil)
	set := p.Settings.Now()
	decision := p.decisionBy(set)
	refund, err := account.Refund(request, decision)
	if err != nil {
		return domain.RefundOrder{}, err
	}
	if set.RefundsNeedStepUp(account.RefundSum()) {
		if err := authz.SteppedUp(authz.Caller(ctx), decision.Now); err != nil {
			return domain.RefundOrder{}, err
		}
	}
	activity.Changed(ctx, "payments/"+paymentID.String(), before, protoconv.Payment(account.Payment(), nil, nil))
	activity.Changed(ctx, "refunds/"+refund.ID.String(), nil, protoconv.Refund(refund, nil))
	var changes domain.Changes
	changes.Collect(account, decision.Now)
	if err := p.Recorder.save(ctx, tx, changes); err != nil {
		return domain.RefundOrder{}, err
	}
	return domain.RefundOrder{Refund: refund, Provider: account.Payment().Provider, ChargeID: account.Payment().ChargeID}, nil
}
