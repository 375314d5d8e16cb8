package stripefake

import (
	"maps"
	"strings"
)

// intent is a PaymentIntent. Everything of it is read and written under the fake's lock.
type intent struct {
	id, status, method, currency string
	amount, received, created    int64
	metadata                     map[string]string
	failure                      *apiError
	charge, cancelReason         string
	charges                      int
	given                        []*refund
	disputes                     []*dispute
	returnURL                    string   // where a bank's page sends the customer back
	session                      *session // the Checkout Session that made it
}

// dispute is a dispute of an intent.
type dispute struct {
	id, status, reason string
	amount, created    int64
	of                 *intent
}

// disputed reports that the bank took the money back, or is about to.
func (in *intent) disputed() bool {
	for _, d := range in.disputes {
		if d.status != "won" && d.status != "warning_closed" {
			return true
		}
	}
	return false
}

// refund is a refund of an intent.
type refund struct {
	id, status, failure string
	amount, created     int64
	metadata            map[string]string
	of                  *intent
	failsLater          bool
}

func (in *intent) sum(status string) int64 {
	var sum int64
	for _, r := range in.given {
		if r.status == status {
			sum += r.amount
		}
	}
	return sum
}

func (f *Fake) open(amount int64, currency, method string, metadata map[string]string) *intent {
	in := &intent{
		id: f.id("pi"), status: "requires_payment_method", method: method, currency: currency, amount: amount,
		created: f.cfg.Now().Unix(), metadata: maps.Clone(metadata),
	}
	if method != "" {
		in.status = "requires_confirmation"
	}
	f.intents[in.id] = in
	f.order = append(f.order, in)
	f.emit("payment_intent.created", in.json())
	return in
}

// confirm tries to take the money; the error is the decline.
func (f *Fake) confirm(in *intent) *apiError {
	if in.session != nil || in.status != "requires_confirmation" && (in.status != "requires_payment_method" || in.method == "") {
		return unexpected(in, "confirmed")
	}
	in.failure = nil
	what, decline := outcomeOf(in.method)
	switch what {
	case declines:
		f.fail(in, decline)
		decline.intent = in
		return &decline
	case redirects:
		if !strings.HasPrefix(in.returnURL, "https://") {
			return &apiError{Type: "invalid_request_error", Code: "parameter_missing", Param: "return_url", status: 400, Message: "A return_url is needed."}
		}
		in.status = "requires_action"
		f.emit("payment_intent.requires_action", in.json())
	case needsCustomer:
		in.status = "requires_action"
		f.emit("payment_intent.requires_action", in.json())
	case processes, processesAndFails:
		in.status = "processing"
		f.emit("payment_intent.processing", in.json())
		f.later(func() { f.advanceIntent(in) })
	default:
		f.succeed(in)
	}
	return nil
}

func (f *Fake) succeed(in *intent) {
	in.status, in.received, in.charge = "succeeded", in.amount, f.id("ch")
	in.charges++
	f.emit("payment_intent.succeeded", in.json())
	f.sessionPaid(in)
}

func (f *Fake) fail(in *intent, why apiError) {
	in.status, in.failure = "requires_payment_method", &why
	f.emit("payment_intent.payment_failed", in.json())
	f.sessionFailed(in)
}

func (f *Fake) cancel(in *intent, reason string) *apiError {
	if in.session != nil { // it is ended with its session alone
		return unexpected(in, "canceled")
	}
	switch in.status {
	case "requires_payment_method", "requires_confirmation", "requires_action", "requires_capture":
	default:
		return unexpected(in, "canceled")
	}
	in.status, in.cancelReason = "canceled", reason
	f.emit("payment_intent.canceled", in.json())
	return nil
}

// advanceIntent ends what is processing.
func (f *Fake) advanceIntent(in *intent) bool {
	if in.status != "processing" {
		return false
	}
	if what, why := outcomeOf(in.method); what == processesAndFails {
		f.fail(in, why)
	} else {
		f.succeed(in)
	}
	return true
}

// giveBack makes a refund. A refund of pm_card_pendingRefund is pending for a while, and
// one of pm_card_refundFail succeeds and fails later.
func (f *Fake) giveBack(in *intent, amount int64, metadata map[string]string) *refund {
	r := &refund{id: f.id("re"), status: "succeeded", amount: amount, created: f.cfg.Now().Unix(), metadata: maps.Clone(metadata), of: in}
	switch in.method {
	case "pm_card_pendingRefund":
		r.status = "pending"
	case "pm_card_refundFail":
		r.failsLater = true
	}
	f.refunds[r.id] = r
	f.given = append(f.given, r)
	in.given = append(in.given, r)
	f.emit("refund.created", r.json())
	if r.status == "pending" || r.failsLater {
		f.later(func() { f.advanceRefund(r) })
	}
	return r
}

// advanceRefund ends what is pending, or fails what was to fail later.
func (f *Fake) advanceRefund(r *refund) bool {
	switch {
	case r.status == "pending":
		r.status = "succeeded"
		f.emit("refund.updated", r.json())
	case r.failsLater && r.status == "succeeded":
		r.status, r.failure = "failed", "expired_or_canceled_card"
		f.emit("refund.failed", r.json())
	default:
		return false
	}
	return true
}

func unexpected(in *intent, what string) *apiError {
	return &apiError{
		Code: "payment_intent_unexpected_state", Type: "invalid_request_error", status: 400, intent: in,
		Message: "This PaymentIntent could not be " + what + " because it has a status of " + in.status + ".",
	}
}

func (in *intent) json() map[string]any {
	out := map[string]any{
		"id": in.id, "object": "payment_intent", "amount": in.amount, "amount_received": in.received, "currency": in.currency,
		"status": in.status, "created": in.created, "metadata": maps.Clone(in.metadata), "livemode": false, "capture_method": "automatic",
		"payment_method": orNull(in.method), "client_secret": in.id + "_secret_fake", "latest_charge": orNull(in.charge),
		"last_payment_error": nil, "cancellation_reason": orNull(in.cancelReason), "next_action": nil,
	}
	if in.failure != nil {
		out["last_payment_error"] = in.failure.json()
	}
	if what, _ := outcomeOf(in.method); in.status == "requires_action" && what == redirects {
		page := "https://bank.invalid/" + in.id
		out["next_action"] = map[string]any{"type": "redirect_to_url", "redirect_to_url": map[string]any{"url": page, "return_url": in.returnURL}}
	} else if in.status == "requires_action" {
		out["next_action"] = map[string]any{"type": "use_stripe_sdk"}
	}
	return out
}

func (d *dispute) json() map[string]any {
	return map[string]any{
		"id": d.id, "object": "dispute", "amount": d.amount, "currency": d.of.currency, "status": d.status, "reason": d.reason,
		"created": d.created, "charge": orNull(d.of.charge), "payment_intent": d.of.id, "metadata": map[string]any{}, "livemode": false,
	}
}

func (r *refund) json() map[string]any {
	return map[string]any{
		"id": r.id, "object": "refund", "amount": r.amount, "currency": r.of.currency, "status": r.status, "created": r.created,
		"metadata": maps.Clone(r.metadata), "payment_intent": r.of.id, "charge": orNull(r.of.charge), "failure_reason": orNull(r.failure),
	}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
