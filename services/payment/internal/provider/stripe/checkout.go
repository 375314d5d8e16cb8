package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	stripego "github.com/stripe/stripe-go/v84"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// checkoutPrefix begins the ids of Checkout Sessions, which are a payment's charge until the
// customer paid on Stripe's page; then its PaymentIntent is.
const checkoutPrefix = "cs_"

// metaCheckout marks a PaymentIntent that a Checkout Session made.
const metaCheckout = "checkout"

// Codes of our own about Checkout Sessions.
const (
	codeCheckoutExpired = "checkout_expired"
	codeNoReturnURL     = "return_url_not_set"
)

// openCheckout makes a Checkout Session (https://docs.stripe.com/api/checkout/sessions): a page
// of Stripe's on which the customer pays, once. Only the address of the recorded one is ever
// shown, so making two does no harm: what nobody can open ends by itself after 24 hours. When
// the key may be forgotten, money that the page of one took is searched for, which only a
// database that was restored can have lost sight of. Until then the key finds the session, also
// that of an order that ended.
func (s *Stripe) openCheckout(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	if s.now().Sub(r.Time) >= keyLife {
		found, err := s.search(ctx, r)
		if err != nil || took(found) {
			return opened(found), err
		}
		if r.Cancelled {
			return provider.Charge{Status: provider.Declined, Code: provider.CodeCancelled}, nil
		}
	}
	amount, err := toMinor(r.Amount)
	if err != nil {
		return provider.Charge{Status: provider.Declined, Code: codeNotChargeable}, nil //nolint:nilerr // that is the answer
	}
	back, err := backTo(s.returnURL(), r)
	if err != nil {
		return provider.Charge{Status: provider.Declined, Code: codeNoReturnURL}, nil //nolint:nilerr // that is the answer
	}
	for n := 1; ; n++ {
		params := checkoutParams(r, amount, back)
		params.IdempotencyKey = stripego.String(s.openKey(r, n))
		session, err := s.client.V1CheckoutSessions.Create(ctx, params)
		switch {
		case err == nil:
			return provider.Charge{ID: session.ID, Status: provider.Opened}, s.verifyCheckout(session, r)
		case (finalFailure(err) || keyReused(err)) && n < maxKeys:
			continue
		}
		if e := refused(err); e != nil {
			return provider.Charge{Status: provider.Declined, Code: codeOf(e)}, nil
		}
		return provider.Charge{}, apiFailure("open a Checkout Session", err)
	}
}

// backTo is where the customer's browser returns to from a bank's page or Stripe's: the shop's
// page with the order's id, by which that page finds the order.
func backTo(returnURL string, r provider.ChargeRequest) (string, error) {
	if returnURL == "" {
		return "", errors.New("there is no page to return to")
	}
	page, err := url.Parse(returnURL)
	if err != nil {
		return "", err
	}
	query := page.Query()
	query.Set("order_id", r.OrderID.String())
	page.RawQuery = query.Encode()
	return page.String(), nil
}

// checkoutParams are one line of the payment's amount, in its currency: nothing on the page
// may change what is paid.
func checkoutParams(r provider.ChargeRequest, amount int64, back string) *stripego.CheckoutSessionCreateParams {
	ours := metadata(r)
	ours[metaCheckout] = "true"
	return &stripego.CheckoutSessionCreateParams{
		Mode: stripego.String(string(stripego.CheckoutSessionModePayment)), SuccessURL: stripego.String(back), CancelURL: stripego.String(back),
		ClientReferenceID: stripego.String(r.OrderID.String()), Metadata: metadata(r),
		LineItems: []*stripego.CheckoutSessionCreateLineItemParams{{
			Quantity: stripego.Int64(1),
			PriceData: &stripego.CheckoutSessionCreateLineItemPriceDataParams{
				Currency: stripego.String(strings.ToLower(r.Amount.Currency)), UnitAmount: stripego.Int64(amount),
				ProductData: &stripego.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: stripego.String(r.Reference)},
			},
		}},
		PaymentIntentData: &stripego.CheckoutSessionCreatePaymentIntentDataParams{Description: stripego.String(r.Reference), Metadata: ours},
		AdaptivePricing:   &stripego.CheckoutSessionCreateAdaptivePricingParams{Enabled: stripego.Bool(false)},
	}
}

// carryOnCheckout looks how the recorded Checkout Session stands, and ends it when its order
// ended: Stripe refuses to cancel the PaymentIntent of one. Where openCheckout found money, the
// PaymentIntent that has it is recorded.
func (s *Stripe) carryOnCheckout(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	if !strings.HasPrefix(r.ChargeID, checkoutPrefix) {
		intent, err := s.retrieve(ctx, r)
		if err != nil {
			return provider.Charge{}, err
		}
		return judgeCheckout(intent), nil
	}
	if r.Cancelled {
		// What it came to is read afterwards, whatever this answers: the customer may have been faster.
		if _, err := s.client.V1CheckoutSessions.Expire(ctx, r.ChargeID, nil); err != nil && refused(err) == nil {
			return provider.Charge{}, apiFailure("end the Checkout Session", err)
		}
	}
	params := &stripego.CheckoutSessionRetrieveParams{}
	params.AddExpand("payment_intent")
	session, err := s.client.V1CheckoutSessions.Retrieve(ctx, r.ChargeID, params)
	if err != nil {
		return provider.Charge{}, apiFailure("look up the Checkout Session", err)
	}
	if err := s.verifyCheckout(session, r); err != nil {
		return provider.Charge{}, err
	}
	charge := provider.Charge{ID: session.ID, Code: string(session.Status)}
	switch session.Status {
	case stripego.CheckoutSessionStatusOpen:
		if r.Cancelled {
			return provider.Charge{}, fmt.Errorf("stripe: Checkout Session %s is open and refuses to be ended", session.ID)
		}
		charge.Status, charge.Waits = provider.Pending, provider.WaitsForCustomer
		return charge, nil
	case stripego.CheckoutSessionStatusExpired:
		if took(session.PaymentIntent) {
			return s.completed(session, r) // whatever the page says: money counts
		}
		charge.Status, charge.Code = provider.Declined, codeCheckoutExpired
		if r.Cancelled {
			charge.Code = provider.CodeCancelled
		}
		return charge, nil
	case stripego.CheckoutSessionStatusComplete:
		return s.completed(session, r)
	default: // what Stripe may add: it decides, and reports it
		charge.Status = provider.Pending
		return charge, nil
	}
}

// took reports whether the money of a PaymentIntent was taken, or a bank is about to take it.
func took(intent *stripego.PaymentIntent) bool {
	return intent != nil && (intent.Status == stripego.PaymentIntentStatusSucceeded || intent.Status == stripego.PaymentIntentStatusProcessing)
}

// completed is what a Checkout Session came to that the customer went through. It can't be
// gone through again, and only it could confirm its PaymentIntent, so a failure is for good.
func (s *Stripe) completed(session *stripego.CheckoutSession, r provider.ChargeRequest) (provider.Charge, error) {
	intent := session.PaymentIntent
	if intent == nil || intent.Metadata[metaCheckout] == "" {
		return provider.Charge{}, fmt.Errorf("%w: the completed Checkout Session %s has no PaymentIntent of ours", provider.ErrMismatch, session.ID)
	}
	of := r
	of.ChargeID = intent.ID
	if err := s.verify(intent, of); err != nil {
		return provider.Charge{}, err
	}
	return judgeCheckout(intent), nil
}

// judgeCheckout returns what the state of a PaymentIntent means whose page is gone through.
func judgeCheckout(intent *stripego.PaymentIntent) provider.Charge {
	charge := provider.Charge{ID: intent.ID, Code: string(intent.Status)}
	switch intent.Status {
	case stripego.PaymentIntentStatusSucceeded:
		charge.Status, charge.Code = provider.Succeeded, ""
	case stripego.PaymentIntentStatusRequiresPaymentMethod, stripego.PaymentIntentStatusCanceled:
		charge.Status, charge.Code = provider.Declined, codeCanceled
		if intent.LastPaymentError != nil {
			charge.Code = codeOf(intent.LastPaymentError)
		}
	case stripego.PaymentIntentStatusRequiresAction:
		charge.Status, charge.Waits = provider.Pending, provider.WaitsForCustomer // such as a transfer that the customer makes
	case stripego.PaymentIntentStatusProcessing:
		charge.Status, charge.Waits = provider.Pending, provider.WaitsForBank
	default:
		charge.Status = provider.Pending
	}
	return charge
}

// verifyCheckout refuses a Checkout Session that is not the request's.
func (s *Stripe) verifyCheckout(session *stripego.CheckoutSession, r provider.ChargeRequest) error {
	amount, err := fromMinor(string(session.Currency), session.AmountTotal)
	switch {
	case !strings.HasPrefix(session.ID, checkoutPrefix) || (r.ChargeID != "" && session.ID != r.ChargeID):
		return fmt.Errorf("%w: requested Checkout Session %q, got %q", provider.ErrMismatch, r.ChargeID, session.ID)
	case err != nil || amount != r.Amount:
		return fmt.Errorf("%w: Checkout Session %s is of %d %s, the payment of %s", provider.ErrMismatch, session.ID, session.AmountTotal, session.Currency, r.Amount)
	case session.Metadata[metaPayment] != r.PaymentID.String() || session.Metadata[metaOrder] != r.OrderID.String():
		return fmt.Errorf("%w: Checkout Session %s is of payment %q, order %q, not of payment %s, order %s", provider.ErrMismatch,
			session.ID, session.Metadata[metaPayment], session.Metadata[metaOrder], r.PaymentID, r.OrderID)
	case session.Livemode != s.live:
		return fmt.Errorf("%w: Checkout Session %s is of the other mode, live or test", provider.ErrMismatch, session.ID)
	}
	return nil
}

// checkoutAction is the page on which the customer pays, while it is open.
func (s *Stripe) checkoutAction(ctx context.Context, id string) (provider.Action, error) {
	session, err := s.client.V1CheckoutSessions.Retrieve(ctx, id, nil)
	if err != nil {
		return provider.Action{}, apiFailure("read the next action", err)
	}
	if session.Status != stripego.CheckoutSessionStatusOpen {
		return provider.Action{}, nil
	}
	return provider.Action{RedirectURL: session.URL}, nil
}
