package app

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
	kittrace "github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// charge requests a payment's money, once. Where the provider opens a charge first, the
// money is requested as soon as the charge's id is stored, unless the payment was
// decided meanwhile.
func (w *ChargeWorker) charge(ctx context.Context, p domain.Payment, timeout time.Duration) {
	ctx, span := w.tracer.Start(continued(ctx, p.Trace), "charge", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	answer := w.requestCharge(ctx, span, p, timeout)
	stands, kept := w.keep(ctx, domain.Answered{PaymentID: p.ID, Answer: answer})
	if answer.Outcome != domain.Opened || !kept || stands.Decided() {
		return
	}
	w.keep(ctx, domain.Answered{PaymentID: p.ID, Answer: w.requestCharge(ctx, span, stands, timeout)})
}

// made is what a provider did about a charge or a refund.
type made struct {
	status provider.Status
	id     string
	code   string
	waits  provider.Waits
}

func (w *ChargeWorker) requestCharge(ctx context.Context, span trace.Span, p domain.Payment, timeout time.Duration) domain.Answer {
	return w.request(ctx, span, p.ID, p.Due, timeout, func(ctx context.Context) (made, error) {
		taker, err := w.taker(p.Provider)
		if err != nil {
			return made{}, err
		}
		crashpoint.Cross("before provider call", p.Provider, "charge")
		charge, err := taker.Charge(ctx, provider.ChargeRequest{
			Key: provider.ChargeKey(p.ID), PaymentID: p.ID, OrderID: p.OrderID,
			Reference: p.Reference, Amount: p.Amount, Method: p.Method,
			ChargeID: p.ChargeID, Attempts: p.Attempts, Time: p.CreateTime, Cancelled: p.OrderCancelled,
		})
		crashpoint.Cross("after provider call", p.Provider, "charge")
		return made{charge.Status, charge.ID, charge.Code, charge.Waits}, err
	})
}

// taker is the provider of this name.
func (w *ChargeWorker) taker(name string) (provider.Provider, error) {
	taker := w.Providers(name)
	if taker == nil {
		return nil, fmt.Errorf("this program has no payment provider %q", name)
	}
	return taker, nil
}

// Refund requests a refund from the provider, once, beside the queue.
func (w *ChargeWorker) Refund(ctx context.Context, order domain.RefundOrder) {
	w.refund(ctx, order, w.Settings.Now().ProviderTimeout)
}

// refund requests a refund from the provider, once, and has the answer recorded. A refund
// that was made at the provider is looked up there and never requested. A
// refusal can come from refunds that others made there: then these are looked up, because
// a notice of them may never arrive.
func (w *ChargeWorker) refund(ctx context.Context, order domain.RefundOrder, timeout time.Duration) {
	refund := order.Refund
	ctx, span := w.tracer.Start(continued(ctx, refund.Trace), "refund", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	answer := w.request(ctx, span, refund.PaymentID, refund.Due, timeout, func(ctx context.Context) (made, error) {
		taker, err := w.taker(order.Provider)
		if err != nil {
			return made{}, err
		}
		request := provider.RefundRequest{
			Key: provider.RefundKey(refund.ID), ChargeID: order.ChargeID, RefundID: refund.ID, PaymentID: refund.PaymentID,
			ProviderID: refund.ProviderRefundID, Amount: refund.Amount, Attempts: refund.Attempts, Time: refund.CreateTime,
		}
		do := taker.Refund
		if refund.Origin == domain.OriginProvider {
			do = taker.LookUpRefund
		}
		crashpoint.Cross("before provider call", order.Provider, "refund")
		answered, err := do(ctx, request)
		crashpoint.Cross("after provider call", order.Provider, "refund")
		return made{status: answered.Status, id: answered.ID, code: answered.Code}, err
	})
	w.keep(ctx, domain.Answered{PaymentID: refund.PaymentID, RefundID: refund.ID, Answer: answer})
	if answer.Outcome == domain.Declined && (answer.Detail == domain.CodeRefundTooLarge || answer.Detail == domain.CodeAlreadyRefunded) {
		w.findOtherRefunds(ctx, order, timeout)
	}
}

// findOtherRefunds records the refunds of a charge that were made at the provider.
func (w *ChargeWorker) findOtherRefunds(ctx context.Context, order domain.RefundOrder, timeout time.Duration) {
	lister, lists := w.Providers(order.Provider).(provider.RefundLister)
	if !lists {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	notices, err := lister.ListRefunds(ctx, order.ChargeID)
	payments := Payments{Deps: w.Deps, Worker: w}
	for _, notice := range notices {
		notice.PaymentID, notice.OrderID = order.Refund.PaymentID, order.Refund.OrderID
		err = errors.Join(err, payments.HandleNotice(ctx, order.Provider, notice))
	}
	if err != nil {
		w.Log.WarnContext(ctx, "can't find out which refunds were made at the provider", "payment", order.Refund.PaymentID, "error", err)
	}
}

// continued is ctx in the trace in which the money was requested, unless it is in one
// already.
func continued(ctx context.Context, traceparent string) context.Context {
	parent := kittrace.Parse(traceparent)
	if !parent.IsValid() || trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, parent)
}

// request makes one request in bounded time, under a lease. Whatever is no clear answer is
// unknown.
func (w *ChargeWorker) request(
	ctx context.Context, span trace.Span, payment uuid.UUID, lease time.Time, timeout time.Duration, do func(context.Context) (made, error),
) domain.Answer {
	answer := domain.Answer{Start: w.Now(), Lease: lease, Trace: kittrace.Format(span.SpanContext()), TraceID: kittrace.IDOf(span.SpanContext())}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	result, err := do(ctx)
	answer.End = w.Now()
	switch {
	case err != nil:
		answer.Outcome, answer.Detail = domain.Unknown, w.unknown(ctx, payment, err)
		span.SetStatus(codes.Error, answer.Detail)
	case result.status == provider.Succeeded:
		answer.Outcome, answer.ProviderID = domain.Succeeded, result.id
	case result.status == provider.Declined:
		answer.Outcome, answer.Detail = domain.Declined, result.code
	case result.status == provider.Pending:
		answer.Outcome, answer.ProviderID, answer.Detail = domain.Pending, result.id, result.code
		answer.Waits = domain.PendingReason(result.waits)
	case result.status == provider.Opened:
		answer.Outcome, answer.ProviderID = domain.Opened, result.id
	default:
		answer.Outcome, answer.Detail = domain.Unknown, "the provider answered neither yes nor no"
	}
	return answer
}

// unknown is in few words why there is no answer; the whole cause, which may name
// addresses, goes to the log alone.
func (w *ChargeWorker) unknown(ctx context.Context, payment uuid.UUID, err error) string {
	if errors.Is(err, provider.ErrMismatch) {
		w.keepMismatch(ctx, payment, err)
		return "the provider holds something else"
	}
	if errors.Is(err, provider.ErrKeyReused) {
		w.Log.ErrorContext(ctx, "the provider refuses to repeat a request; someone must look into it", "error", err)
		return "the provider refuses to repeat the request"
	}
	w.Log.InfoContext(ctx, "no answer from the provider; it will be requested again", "error", err)
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "the answer was lost"
}

// keepMismatch keeps, for people, that the provider's charge is not the payment's. The
// payment stays pending and is polled. The same mismatch is kept once, even after somebody
// resolved it; a different one is kept as another contradiction.
func (w *ChargeWorker) keepMismatch(ctx context.Context, payment uuid.UUID, cause error) {
	id := fmt.Sprintf("mismatch-%s-%08x", payment, crc32.ChecksumIEEE([]byte(cause.Error())))
	err := w.contradict(context.WithoutCancel(ctx), id, "mismatch", payment, cause.Error())
	if err != nil {
		w.Log.WarnContext(ctx, "can't keep the contradiction yet", "payment", payment, "error", err)
	}
}

// keep records an answer, and returns how the payment then stands. When that fails, the
// request is repeated under its key once the lease is over, and the provider answers
// the same.
func (w *ChargeWorker) keep(ctx context.Context, answered domain.Answered) (stands domain.Payment, kept bool) {
	stands, err := w.record.Do(context.WithoutCancel(ctx), answered.PaymentID, answered)
	if err == nil {
		w.unrecorded.Over(ctx)
	} else {
		w.unrecorded.Note(ctx, err, "payment", answered.PaymentID, "refund", answered.RefundID != uuid.Nil)
	}
	return stands, err == nil
}
