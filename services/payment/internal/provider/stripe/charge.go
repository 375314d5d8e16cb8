package stripe

import (
	"context"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	stripego "github.com/stripe/stripe-go/v84"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// Codes of our own, beside Stripe's.
const (
	codeNotChargeable = "amount_not_chargeable"
	codeCanceled      = "canceled_at_stripe"
)

// maxKeys is how many keys one attempt tries at most to open a PaymentIntent, see open.
const maxKeys = 3

// maxSteps bounds what is done about a PaymentIntent in one call: confirm, cancel,
// and a look after each.
const maxSteps = 4

// Charge opens a PaymentIntent, or confirms or stops the one that is recorded; of
// provider.StripeCheckout a Checkout Session, which the customer confirms.
func (s *Stripe) Charge(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	checkout := r.Method == provider.StripeCheckout
	switch {
	case r.ChargeID == "" && checkout:
		return s.openCheckout(ctx, r)
	case r.ChargeID == "":
		return s.open(ctx, r)
	case checkout:
		return s.carryOnCheckout(ctx, r)
	default:
		return s.carryOn(ctx, r)
	}
}

// open makes a PaymentIntent that moves nothing yet. Only the recorded one is ever
// confirmed, so making two does no harm. That is why open goes on to another key when
// Stripe only answers a key with a failure, or knows it with other parameters. The last key
// of an attempt is one of its own: however often Stripe failed, a later attempt can succeed.
func (s *Stripe) open(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	amount, err := toMinor(r.Amount)
	if err != nil {
		return provider.Charge{Status: provider.Declined, Code: codeNotChargeable}, nil //nolint:nilerr // that is the answer
	}
	if s.now().Sub(r.Time) >= keyLife {
		found, err := s.search(ctx, r)
		if err != nil || found != nil {
			return opened(found), err
		}
		if r.Cancelled {
			return provider.Charge{Status: provider.Declined, Code: provider.CodeCancelled}, nil
		}
	}
	for n := 1; ; n++ {
		intent, err := s.client.V1PaymentIntents.Create(ctx, s.createParams(r, amount, n))
		switch {
		case err == nil:
			return opened(intent), s.verify(intent, r)
		case (finalFailure(err) || keyReused(err)) && n < maxKeys:
			continue
		}
		if e := refused(err); e != nil {
			return provider.Charge{Status: provider.Declined, Code: codeOf(e)}, nil
		}
		return provider.Charge{}, apiFailure("open a PaymentIntent", err)
	}
}

func opened(intent *stripego.PaymentIntent) provider.Charge {
	if intent == nil {
		return provider.Charge{}
	}
	return provider.Charge{ID: intent.ID, Status: provider.Opened}
}

func (s *Stripe) createParams(r provider.ChargeRequest, amount int64, n int) *stripego.PaymentIntentCreateParams {
	redirects := "never" // without a page to return to, the customer can't be sent to another one
	if s.returnURL() != "" {
		redirects = "always"
	}
	params := &stripego.PaymentIntentCreateParams{
		Amount: stripego.Int64(amount), Currency: stripego.String(strings.ToLower(r.Amount.Currency)),
		PaymentMethod: stripego.String(r.Method), Description: stripego.String(r.Reference), Metadata: metadata(r),
		AutomaticPaymentMethods: &stripego.PaymentIntentCreateAutomaticPaymentMethodsParams{
			Enabled: stripego.Bool(true), AllowRedirects: stripego.String(redirects),
		},
	}
	params.IdempotencyKey = stripego.String(s.openKey(r, n))
	return params
}

// openKey is the key of an attempt's n-th request to open what takes the money.
func (s *Stripe) openKey(r provider.ChargeRequest, n int) string {
	switch {
	case n == maxKeys:
		return r.Key + "-" + strconv.FormatInt(s.now().UnixMicro(), 10)
	case n > 1:
		return r.Key + "-" + strconv.Itoa(n)
	default:
		return r.Key
	}
}

// search finds the payment's PaymentIntent by its metadata, for the time when Stripe has
// forgotten the keys. Of several it returns the one nearest to having taken the money; nil
// when there is none. Stripe's search is about a minute late, and keys live for hours.
func (s *Stripe) search(ctx context.Context, r provider.ChargeRequest) (*stripego.PaymentIntent, error) {
	params := &stripego.PaymentIntentSearchParams{}
	params.Query = fmt.Sprintf("metadata['%s']:'%s'", metaPayment, r.PaymentID)
	var best *stripego.PaymentIntent
	for intent, err := range s.client.V1PaymentIntents.Search(ctx, params) {
		if err != nil {
			return nil, apiFailure("search for the PaymentIntent", err)
		}
		if err := s.verify(intent, r); err != nil {
			return nil, err
		}
		if best == nil || rank(intent) > rank(best) {
			best = intent
		}
	}
	return best, nil
}

// rank is how near a PaymentIntent is to having taken money.
func rank(intent *stripego.PaymentIntent) int {
	switch intent.Status {
	case stripego.PaymentIntentStatusSucceeded:
		return 3
	case stripego.PaymentIntentStatusProcessing, stripego.PaymentIntentStatusRequiresAction:
		return 2
	case stripego.PaymentIntentStatusCanceled:
		return 0
	default:
		return 1
	}
}

// carryOn brings the recorded PaymentIntent as near to its end as it can be now. It
// looks first how it stands, unless nothing was requested of it before.
func (s *Stripe) carryOn(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	var intent *stripego.PaymentIntent
	var err error
	switch {
	case r.Cancelled:
		intent, err = s.cancel(ctx, r)
	case r.Attempts == 0 && s.now().Sub(r.Time) < keyLife:
		intent, err = s.confirm(ctx, r)
	default:
		intent, err = s.retrieve(ctx, r)
	}
	code := ""
	for range maxSteps {
		if err != nil {
			return provider.Charge{}, err
		}
		if intent.LastPaymentError != nil {
			code = codeOf(intent.LastPaymentError)
		}
		charge, next := judge(intent, r, code)
		switch next {
		case stepConfirm:
			intent, err = s.confirm(ctx, r)
		case stepCancel:
			intent, err = s.cancel(ctx, r)
		default:
			return charge, nil
		}
	}
	return provider.Charge{}, fmt.Errorf("stripe: PaymentIntent %s changes between %s and something else", intent.ID, intent.Status)
}

// step is what is to be done next about a PaymentIntent.
type step int

const (
	stepNone step = iota
	stepConfirm
	stepCancel
)

// judge returns what a PaymentIntent's state means, and what to do next. Code is why it
// was declined, when that is known.
func judge(intent *stripego.PaymentIntent, r provider.ChargeRequest, code string) (provider.Charge, step) {
	charge := provider.Charge{ID: intent.ID, Code: string(intent.Status)}
	switch intent.Status {
	case stripego.PaymentIntentStatusSucceeded:
		charge.Status, charge.Code = provider.Succeeded, ""
		return charge, stepNone
	case stripego.PaymentIntentStatusCanceled:
		charge.Status, charge.Code = provider.Declined, code
		if charge.Code == "" && r.Cancelled {
			charge.Code = provider.CodeCancelled
		}
		if charge.Code == "" {
			charge.Code = codeCanceled
		}
		return charge, stepNone
	case stripego.PaymentIntentStatusRequiresConfirmation:
		if r.Cancelled || code != "" {
			return charge, stepCancel
		}
		return charge, stepConfirm
	case stripego.PaymentIntentStatusRequiresPaymentMethod:
		// Declined. It must not be paid in another way later, unknown to the order.
		return charge, stepCancel
	case stripego.PaymentIntentStatusRequiresAction:
		charge.Status, charge.Waits = provider.Pending, provider.WaitsForCustomer
		if r.Cancelled {
			return charge, stepCancel
		}
		return charge, stepNone
	case stripego.PaymentIntentStatusProcessing:
		charge.Status, charge.Waits = provider.Pending, provider.WaitsForBank
		return charge, stepNone
	default: // what Stripe may add: it decides, and reports it
		charge.Status = provider.Pending
		return charge, stepNone
	}
}

// confirm requests the money. A refusal is no answer: the PaymentIntent's state is. The
// answer of a key may be an old one, so that the state is then read from Stripe. Another
// return URL takes another key, which is safe: a PaymentIntent takes the money once,
// whichever key confirms it.
func (s *Stripe) confirm(ctx context.Context, r provider.ChargeRequest) (*stripego.PaymentIntent, error) {
	params := &stripego.PaymentIntentConfirmParams{}
	params.IdempotencyKey = stripego.String(r.Key + "-confirm")
	if back, err := backTo(s.returnURL(), r); err == nil {
		params.ReturnURL = stripego.String(back)
		params.IdempotencyKey = stripego.String(fmt.Sprintf("%s-confirm-%08x", r.Key, crc32.ChecksumIEEE([]byte(back))))
	}
	intent, err := s.client.V1PaymentIntents.Confirm(ctx, r.ChargeID, params)
	if err == nil && intent.LastResponse.Header.Get("Idempotent-Replayed") != "true" {
		return intent, s.verify(intent, r)
	}
	e := refused(err)
	if err != nil && e == nil {
		if keyReused(err) {
			return nil, fmt.Errorf("%w: confirm PaymentIntent %s", provider.ErrKeyReused, r.ChargeID)
		}
		return nil, apiFailure("confirm the PaymentIntent", err)
	}
	intent, err = s.retrieve(ctx, r)
	if err == nil && e != nil && intent.LastPaymentError == nil && intent.Status == stripego.PaymentIntentStatusRequiresConfirmation {
		intent.LastPaymentError = e // it was refused before anything was tried
	}
	return intent, err
}

// cancel stops the PaymentIntent for good, unless it is at its end already. It needs
// no key: to repeat it changes nothing, and an old answer would hide what came since.
func (s *Stripe) cancel(ctx context.Context, r provider.ChargeRequest) (*stripego.PaymentIntent, error) {
	intent, err := s.client.V1PaymentIntents.Cancel(ctx, r.ChargeID, &stripego.PaymentIntentCancelParams{
		CancellationReason: stripego.String("abandoned"),
	})
	if err == nil {
		return intent, s.verify(intent, r)
	}
	if refused(err) == nil {
		return nil, apiFailure("cancel the PaymentIntent", err)
	}
	intent, err = s.retrieve(ctx, r)
	if err != nil {
		return nil, err
	}
	switch intent.Status {
	case stripego.PaymentIntentStatusSucceeded, stripego.PaymentIntentStatusCanceled, stripego.PaymentIntentStatusProcessing:
		return intent, nil
	default:
		return nil, fmt.Errorf("stripe: PaymentIntent %s is %s and refuses to be cancelled", intent.ID, intent.Status)
	}
}

func (s *Stripe) retrieve(ctx context.Context, r provider.ChargeRequest) (*stripego.PaymentIntent, error) {
	intent, err := s.client.V1PaymentIntents.Retrieve(ctx, r.ChargeID, nil)
	if err != nil {
		return nil, apiFailure("look up the PaymentIntent", err)
	}
	return intent, s.verify(intent, r)
}
