package stripe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	stripego "github.com/stripe/stripe-go/v84"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// Account reads from Stripe what an event does not hold.
type Account interface {
	// Owner reads the metadata of a PaymentIntent.
	Owner(ctx context.Context, id string) (map[string]string, error)
	// Dispute reads a dispute as it stands.
	Dispute(ctx context.Context, id string) (provider.Dispute, error)
}

// event is what is read of a Stripe event: enough to know what to look up.
type event struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Account  string `json:"account"`
	Livemode bool   `json:"livemode"`
	Data     struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// object is a PaymentIntent, a Checkout Session, a refund or a dispute, as far as it matters.
type object struct {
	Object        string            `json:"object"`
	ID            string            `json:"id"`
	Amount        int64             `json:"amount"`
	AmountTotal   int64             `json:"amount_total"`
	PaymentStatus string            `json:"payment_status"`
	Currency      string            `json:"currency"`
	Status        string            `json:"status"`
	Metadata      map[string]string `json:"metadata"`
	PaymentIntent string            `json:"payment_intent"`
}

// checkoutSession is the kind of object that a Checkout Session is.
const checkoutSession = "checkout.session"

// readNotice reads the body of an event; concerns is false for those of other things.
func readNotice(body []byte, live bool) (n provider.Notice, concerns bool, err error) {
	var e event
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&e); err != nil {
		return n, false, err
	}
	return toNotice(e, live)
}

// toNotice turns an event into a notice. What the event does not hold is added by
// complete.
func toNotice(e event, live bool) (n provider.Notice, concerns bool, err error) {
	// The kind comes first: other kinds have other shapes.
	var kind struct {
		Object string `json:"object"`
	}
	if err := json.Unmarshal(e.Data.Object, &kind); err != nil {
		return n, false, err
	}
	switch kind.Object {
	case "payment_intent", checkoutSession, "refund", "dispute":
	default:
		return n, false, nil
	}
	var o object
	if err := json.Unmarshal(e.Data.Object, &o); err != nil {
		return n, false, err
	}
	n = provider.Notice{
		ID: e.ID, Type: e.Type, PaymentID: idOf(o.Metadata, metaPayment), OrderID: idOf(o.Metadata, metaOrder), ChargeID: o.ID,
		Succeeded: o.Status == string(stripego.PaymentIntentStatusSucceeded),
	}
	switch o.Object {
	case "payment_intent":
		if o.Metadata[metaCheckout] != "" {
			return n, false, nil // what is about the payment comes as an event of its Checkout Session
		}
	case checkoutSession:
		if n.PaymentID == uuid.Nil {
			return n, false, nil // others make such pages, too, some without an amount
		}
		n.Succeeded, o.Amount = o.PaymentStatus == string(stripego.CheckoutSessionPaymentStatusPaid), o.AmountTotal
		if o.PaymentIntent != "" {
			n.ChargeID, n.OpenedID = o.PaymentIntent, o.ID
		}
	case "refund":
		n.ChargeID, n.Succeeded = o.PaymentIntent, false
		n.Refund = &provider.RefundNotice{ID: idOf(o.Metadata, metaRefund), ProviderID: o.ID, Reversed: reversed(stripego.RefundStatus(o.Status))}
	case "dispute":
		n.ChargeID, n.Succeeded = o.PaymentIntent, false
		n.Dispute = &provider.Dispute{ID: o.ID}
	}
	if n.Amount, err = fromMinor(o.Currency, o.Amount); err != nil && n.PaymentID == uuid.Nil {
		return n, false, nil // something else's, in what the shop can't count
	}
	switch {
	case err != nil:
		n.Foreign = err.Error()
	case e.Account != "":
		n.Foreign = "it is of the connected account " + e.Account
	case e.Livemode != live:
		n.Foreign = "it is of the other mode, live or test, than the key"
	}
	return n, true, nil
}

// complete adds what an event does not hold: of which payment a refund or a dispute is
// that was not made by the shop, and how a dispute stands by now.
func complete(ctx context.Context, account Account, n provider.Notice) (provider.Notice, error) {
	if n.Foreign != "" && n.PaymentID == uuid.Nil {
		return n, nil // another account's, and not ours at all
	}
	if (n.Refund != nil || n.Dispute != nil) && n.PaymentID == uuid.Nil && n.ChargeID != "" {
		owner, err := account.Owner(ctx, n.ChargeID)
		if err != nil {
			return n, err
		}
		n.PaymentID = idOf(owner, metaPayment)
	}
	if n.Dispute != nil && n.PaymentID != uuid.Nil && n.Foreign == "" {
		dispute, err := account.Dispute(ctx, n.Dispute.ID)
		if err != nil {
			return n, err
		}
		n.Dispute, n.ChargeID, n.Amount = &dispute, dispute.ChargeID, dispute.Amount
	}
	return n, nil
}

// Owner reads the metadata of a PaymentIntent.
func (s *Stripe) Owner(ctx context.Context, id string) (map[string]string, error) {
	intent, err := s.client.V1PaymentIntents.Retrieve(ctx, id, nil)
	if err != nil {
		return nil, lookUpFailure("look up the PaymentIntent of an event", err)
	}
	return intent.Metadata, nil
}

// lookUpFailure is apiFailure that shows when Stripe has no such object.
func lookUpFailure(doing string, err error) error {
	if e := asAPIError(err); e != nil && e.HTTPStatusCode == http.StatusNotFound {
		return fmt.Errorf("%w: stripe: %s", provider.ErrNotFound, doing)
	}
	return apiFailure(doing, err)
}
