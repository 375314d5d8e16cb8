package app

import (
	"context"

	"github.com/google/uuid"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// RefundPayment gives money back because someone asks for it.
type RefundPayment struct {
	Pool     *pg.Pool
	Deps     Deps
	Recorder Recorder
	Worker   *ChargeWorker
}

// Do stores the refund once per key, asks the provider once, waiting no longer than
// the provider's time-out, and returns the refund as it then stands. A repetition
// of the key makes no other refund and asks for nothing: it returns the same refund
// as it stands by then, so that whoever saw PENDING learns the outcome by asking
// again. What the provider did not answer goes on in the background.
func (r RefundPayment) Do(ctx context.Context, key idempotency.Key, req *paymentv1.RefundPaymentRequest,
	paymentID uuid.UUID, request domain.RefundRequest,
) (TriedRefund, error) {
	request.Trace = trace.FromContext(ctx)
	var made *domain.RefundOrder
	// Only the refund's id is kept as the answer: the rest is read when it is needed.
	answer, err := idempotency.Run(ctx, r.Pool, key, req, &paymentv1.RefundPaymentResponse{},
		func(ctx context.Context, tx *pg.Tx) (*paymentv1.RefundPaymentResponse, error) {
			order, err := r.store(ctx, tx, paymentID, request)
			if err != nil {
				return nil, err
			}
			tx.OnCommit(func() { made = &order })
			return &paymentv1.RefundPaymentResponse{Refund: &paymentv1.Refund{Id: order.Refund.ID.String()}}, nil
		})
	if err != nil {
		return TriedRefund{}, err
	}
	if made != nil {
		// The caller may leave; what the provider does is recorded all the same.
		r.Worker.Refund(context.WithoutCancel(ctx), *made)
	}
	id, err := uuid.Parse(answer.GetRefund().GetId())
	if err != nil {
		return TriedRefund{}, err
	}
	refund, attempts, err := store.GetRefund(ctx, r.Pool, id)
	return TriedRefund{Refund: refund, Attempts: attempts}, err
}

// store decides under the payment's lock and queues the refund.
func (r RefundPayment) store(ctx context.Context, tx *pg.Tx, paymentID uuid.UUID, request domain.RefundRequest) (domain.RefundOrder, error) {
	accounts, err := store.Lock(ctx, tx, []uuid.UUID{paymentID})
	if err != nil {
		return domain.RefundOrder{}, err
	}
	account, known := accounts[paymentID]
	if !known {
		return domain.RefundOrder{}, domain.PaymentNotFound(paymentID.String())
	}
	decision := r.Deps.Decision()
	refund, err := account.Refund(request, decision)
	if err != nil {
		return domain.RefundOrder{}, err
	}
	var changes domain.Changes
	changes.Collect(account)
	if err := r.Recorder.save(ctx, tx, changes, decision.Now); err != nil {
		return domain.RefundOrder{}, err
	}
	return domain.RefundOrder{Refund: refund, Provider: account.Payment().Provider, ChargeID: account.Payment().ChargeID}, nil
}
