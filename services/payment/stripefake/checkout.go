package stripefake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sessionLife is how long a Checkout Session is open, where the request names no other end.
const sessionLife = 24 * time.Hour

// session is a Checkout Session (https://docs.stripe.com/api/checkout/sessions/object).
// Everything of it is read and written under the fake's lock.
type session struct {
	id, status, currency, back string
	amount, created, expires   int64
	metadata, intentMetadata   map[string]string
	intent                     *intent // nil until the customer paid or tried to
	read                       bool    // by the shop, so that a customer can have its address
}

// Checkout is one Checkout Session, as the ledger holds it.
type Checkout struct {
	ID        string
	Status    string // open, complete or expired
	URL       string // of its page, while it is open
	BackURL   string // where its page sends the customer back
	PaymentID string // of its metadata
	Amount    int64
	Intent    string // empty until the customer paid or tried to
}

// Checkouts returns the Checkout Sessions of a payment, oldest first.
func (f *Fake) Checkouts(paymentID string) []Checkout {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Checkout
	for _, s := range f.opened {
		if s.metadata["payment_id"] != paymentID {
			continue
		}
		f.expireOld(s)
		c := Checkout{ID: s.id, Status: s.status, BackURL: s.back, PaymentID: paymentID, Amount: s.amount}
		if s.status == "open" {
			c.URL = s.url()
		}
		if s.intent != nil {
			c.Intent = s.intent.id
		}
		all = append(all, c)
	}
	return all
}

// Visit is a customer who goes through the page of a Checkout Session, found by its address,
// with a PaymentMethod (see outcomeOf). A card that is declined leaves the page open; a debit
// goes through it, and is taken or fails later. It fails when the page is not open.
func (f *Fake) Visit(url, method string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.IndexFunc(f.opened, func(s *session) bool { return s.url() == url })
	if at < 0 {
		return fmt.Errorf("there is no page %s", url)
	}
	return f.visit(f.opened[at], method)
}

// ExpireCheckouts ends all Checkout Sessions that are open, as they end by themselves after
// 24 hours.
func (f *Fake) ExpireCheckouts() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.opened {
		if s.status == "open" {
			f.expire(s)
		}
	}
}

func (f *Fake) visit(s *session, method string) error {
	f.expireOld(s)
	if s.status != "open" {
		return fmt.Errorf("the page of Checkout Session %s is not open: it is %s", s.id, s.status)
	}
	if s.intent == nil {
		s.intent = f.open(s.amount, s.currency, "", s.intentMetadata)
		s.intent.session = s
	}
	in := s.intent
	in.method, in.failure = method, nil
	switch what, why := outcomeOf(method); what {
	case declines:
		f.fail(in, why)
	case processes, processesAndFails:
		in.status = "processing"
		f.emit("payment_intent.processing", in.json())
		f.complete(s)
		f.later(func() { f.advanceIntent(in) })
	default: // the page shows the customer all checks itself
		f.succeed(in)
	}
	return nil
}

// complete ends an open session that the customer went through.
func (f *Fake) complete(s *session) {
	s.status = "complete"
	f.emit("checkout.session.completed", s.json())
}

func (f *Fake) expire(s *session) {
	s.status = "expired"
	if s.intent != nil && s.intent.status != "succeeded" {
		s.intent.status = "canceled"
		f.emit("payment_intent.canceled", s.intent.json())
	}
	f.emit("checkout.session.expired", s.json())
}

// expireOld ends a session whose time is over.
func (f *Fake) expireOld(s *session) {
	if s.status == "open" && f.cfg.Now().Unix() >= s.expires {
		f.expire(s)
	}
}

// sessionPaid and sessionFailed carry to its session what became of an intent.
func (f *Fake) sessionPaid(in *intent) {
	switch s := in.session; {
	case s == nil:
	case s.status == "open":
		f.complete(s)
	default:
		f.emit("checkout.session.async_payment_succeeded", s.json())
	}
}

func (f *Fake) sessionFailed(in *intent) {
	if s := in.session; s != nil && s.status == "complete" {
		f.emit("checkout.session.async_payment_failed", s.json())
	}
}

// visitLater has a customer come by chance, once. What the shop never read after it was made
// is on nobody's screen: an answer was lost, and the shop has another session.
func (f *Fake) visitLater(s *session) {
	if f.cfg.VisitAfter <= 0 || f.closed || s.read {
		return
	}
	s.read = true
	wait, chance := time.Duration(f.chance.Int64N(int64(f.cfg.VisitAfter))), f.chance.Float64()
	f.work.Go(func() {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-f.ending.Done():
			return
		case <-timer.C:
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		switch {
		case chance < 0.1: // never comes
		case chance < 0.2:
			_ = f.visit(s, "pm_usBankAccount_success")
		case chance < 0.25:
			_ = f.visit(s, "pm_usBankAccount_debitNotAuthorized")
		case chance < 0.4:
			_ = f.visit(s, "pm_card_chargeDeclined")
			fallthrough
		default:
			_ = f.visit(s, "pm_card_visa") // it may have been ended by then
		}
	})
}

func (f *Fake) createSession(c call) answer {
	const item = "line_items[0][price_data]"
	amount, err := strconv.ParseInt(c.form.Get(item+"[unit_amount]"), 10, 64)
	currency, now := c.form.Get(item+"[currency]"), f.cfg.Now()
	expires := now.Add(sessionLife).Unix()
	if text := c.form.Get("expires_at"); text != "" {
		if expires, err = strconv.ParseInt(text, 10, 64); err == nil && (expires < now.Add(30*time.Minute).Unix() || expires > now.Add(sessionLife).Unix()) {
			return invalid("", "expires_at", "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.")
		}
	}
	switch {
	case c.form.Get("mode") != "payment":
		return invalid("parameter_missing", "mode", "The fake knows mode payment alone.")
	case !strings.HasPrefix(c.form.Get("success_url"), "http"):
		return invalid("parameter_missing", "success_url", "Missing required param: success_url.")
	case err != nil || amount < 1 || c.form.Get("line_items[0][quantity]") != "1" || c.form.Get(item+"[product_data][name]") == "":
		return invalid("parameter_invalid_integer", "line_items[0]", "The fake knows one line, of one product with a name and a price.")
	case amount < minimums[currency]:
		return invalid("amount_too_small", "", "The Checkout Session's total amount must convert to at least the minimum of the currency.")
	case len(currency) != 3 || currency != strings.ToLower(currency):
		return invalid("parameter_invalid", item+"[currency]", "Invalid currency: "+currency)
	}
	s := &session{
		id: f.id("cs_test"), status: "open", currency: currency, back: c.form.Get("success_url"), amount: amount, created: now.Unix(), expires: expires,
		metadata: metadataOf(c.form), intentMetadata: metadataAt(c.form, "payment_intent_data[metadata]["),
	}
	f.sessions[s.id] = s
	f.opened = append(f.opened, s)
	return answer{status: http.StatusOK, body: s.json()}
}

func (f *Fake) getSession(c call) answer {
	s, ok := f.sessions[c.id]
	if !ok {
		return missing("checkout.session", c.id)
	}
	f.expireOld(s)
	f.visitLater(s)
	body := s.json()
	if s.intent != nil && slices.Contains(slices.Concat(c.form["expand[]"], c.form["expand[0]"]), "payment_intent") {
		body["payment_intent"] = s.intent.json()
	}
	return answer{status: http.StatusOK, body: body}
}

func (f *Fake) expireSession(c call) answer {
	s, ok := f.sessions[c.id]
	if !ok {
		return missing("checkout.session", c.id)
	}
	f.expireOld(s)
	if s.status != "open" {
		return refuse(apiError{
			Type: "invalid_request_error", status: http.StatusBadRequest,
			Message: "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of " + s.status + ".",
		})
	}
	f.expire(s)
	return answer{status: http.StatusOK, body: s.json()}
}

func (s *session) url() string { return "https://checkout.invalid/c/pay/" + s.id }

func (s *session) json() map[string]any {
	out := map[string]any{
		"id": s.id, "object": "checkout.session", "mode": "payment", "status": s.status, "payment_status": "unpaid", "url": nil,
		"amount_total": s.amount, "amount_subtotal": s.amount, "currency": s.currency, "created": s.created, "expires_at": s.expires,
		"metadata": maps.Clone(s.metadata), "success_url": s.back, "livemode": false, "payment_intent": nil,
	}
	if s.status == "open" {
		out["url"] = s.url()
	}
	if s.intent != nil {
		out["payment_intent"] = s.intent.id
		if s.intent.status == "succeeded" {
			out["payment_status"] = "paid"
		}
	}
	return out
}
