package stripe

import (
	"context"
	"fmt"
	"net/http"
	"time"

	stripego "github.com/stripe/stripe-go/v84"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// codeNotMade is the code of a refund that Stripe never had, and can't get any more.
const codeNotMade = "refund_not_made"

// afterKeys is when no request under a refund's key can be under way any more: keys
// are used until keyLife, and no request takes an hour.
const afterKeys = keyLife + time.Hour

// Refund gives money back. Whatever came before is looked up first, because to repeat
// is safe only as long as Stripe keeps the key. When the key
// is too old and Stripe has no such refund, it counts as declined; whoever still wants it
// requests another one.
func (s *Stripe) Refund(ctx context.Context, r provider.RefundRequest) (provider.Refund, error) {
	age := s.now().Sub(r.Time)
	if r.Attempts > 0 || age >= keyLife {
		found, err := s.findRefund(ctx, r)
		if err != nil || found != nil {
			return s.refundStands(found, r, err)
		}
	}
	switch {
	case age >= afterKeys:
		return provider.Refund{Status: provider.Declined, Code: codeNotMade}, nil
	case age >= keyLife:
		return provider.Refund{}, fmt.Errorf("stripe: refund %s is not there, and its key is too old to be used", r.RefundID)
	}
	amount, err := toMinor(r.Amount)
	if err != nil {
		return provider.Refund{Status: provider.Declined, Code: codeNotChargeable}, nil //nolint:nilerr // that is the answer
	}
	params := &stripego.RefundCreateParams{
		PaymentIntent: stripego.String(r.ChargeID), Amount: stripego.Int64(amount), Reason: stripego.String("requested_by_customer"),
		Metadata: map[string]string{metaRefund: r.RefundID.String(), metaPayment: r.PaymentID.String()},
	}
	params.IdempotencyKey = stripego.String(r.Key)
	made, err := s.client.V1Refunds.Create(ctx, params)
	if e := refused(err); e != nil {
		return provider.Refund{Status: provider.Declined, Code: refundRefusal(e)}, nil
	}
	if keyReused(err) {
		return provider.Refund{}, fmt.Errorf("%w: refund %s", provider.ErrKeyReused, r.RefundID)
	}
	if err != nil {
		return provider.Refund{}, apiFailure("refund", err)
	}
	return s.refundStands(made, r, nil)
}

// refundRefusal is why Stripe refused a refund. It gives no code of its own for an
// amount that is above what is left: only the parameter at fault.
func refundRefusal(e *stripego.Error) string {
	switch {
	case e.Code == stripego.ErrorCodeChargeAlreadyRefunded:
		return provider.CodeAlreadyRefunded
	case e.Code == stripego.ErrorCodeChargeDisputed:
		return provider.CodeDisputed
	case e.Code == "" && e.Param == "amount":
		return provider.CodeRefundTooLarge
	default:
		return codeOf(e)
	}
}

// LookUpRefund reads a refund by Stripe's id; one that is not there counts as declined.
func (s *Stripe) LookUpRefund(ctx context.Context, r provider.RefundRequest) (provider.Refund, error) {
	found, err := s.client.V1Refunds.Retrieve(ctx, r.ProviderID, nil)
	if e := asAPIError(err); e != nil && e.HTTPStatusCode == http.StatusNotFound {
		return provider.Refund{Status: provider.Declined, Code: provider.CodeRefundNotFound}, nil
	}
	if err != nil {
		return provider.Refund{}, apiFailure("look up the refund", err)
	}
	return s.refundStands(found, r, nil)
}

// ListRefunds lists the refunds of a PaymentIntent, those that were made at the
// dashboard too: they bear no id of ours.
func (s *Stripe) ListRefunds(ctx context.Context, chargeID string) ([]provider.Notice, error) {
	params := &stripego.RefundListParams{PaymentIntent: stripego.String(chargeID)}
	params.Limit = stripego.Int64(pageSize)
	var notices []provider.Notice
	for refund, err := range s.client.V1Refunds.List(ctx, params) {
		if err != nil {
			return nil, apiFailure("list the refunds of a PaymentIntent", err)
		}
		amount, err := fromMinor(string(refund.Currency), refund.Amount)
		if err != nil {
			return nil, err
		}
		notices = append(notices, provider.Notice{
			ID: "listed-" + refund.ID, Type: "refund.listed", ChargeID: chargeID, Amount: amount,
			Refund: &provider.RefundNotice{ID: idOf(refund.Metadata, metaRefund), ProviderID: refund.ID, Reversed: reversed(refund.Status)},
		})
	}
	return notices, nil
}

// reversed reports that a refund moved no money, or that it came back.
func reversed(status stripego.RefundStatus) bool {
	return status == stripego.RefundStatusFailed || status == stripego.RefundStatusCanceled
}

// findRefund looks for the refund among those of its PaymentIntent; nil when it is
// not there.
func (s *Stripe) findRefund(ctx context.Context, r provider.RefundRequest) (*stripego.Refund, error) {
	params := &stripego.RefundListParams{PaymentIntent: stripego.String(r.ChargeID)}
	params.Limit = stripego.Int64(pageSize)
	for refund, err := range s.client.V1Refunds.List(ctx, params) {
		if err != nil {
			return nil, apiFailure("look up the refund", err)
		}
		if idOf(refund.Metadata, metaRefund) == r.RefundID {
			return refund, nil
		}
	}
	return nil, nil //nolint:nilnil // nil means that there is none, which is no error
}

func (s *Stripe) refundStands(made *stripego.Refund, r provider.RefundRequest, err error) (provider.Refund, error) {
	if err != nil {
		return provider.Refund{}, err
	}
	amount, err := fromMinor(string(made.Currency), made.Amount)
	if err != nil || amount != r.Amount || made.ID == "" || made.PaymentIntent == nil || made.PaymentIntent.ID != r.ChargeID {
		return provider.Refund{}, fmt.Errorf("%w: refund %s is %d %s, not %s of PaymentIntent %s",
			provider.ErrMismatch, made.ID, made.Amount, made.Currency, r.Amount, r.ChargeID)
	}
	refund := provider.Refund{ID: made.ID, Code: string(made.Status)}
	switch made.Status {
	case stripego.RefundStatusSucceeded:
		refund.Status, refund.Code = provider.Succeeded, ""
	case stripego.RefundStatusFailed, stripego.RefundStatusCanceled:
		refund.Status = provider.Declined
		if made.FailureReason != "" {
			refund.Code = string(made.FailureReason)
		}
	default: // pending, requires_action
		refund.Status = provider.Pending
	}
	return refund, nil
}
