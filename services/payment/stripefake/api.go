package stripefake

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keyLife is how long a key is kept: Stripe may drop it after 24 hours, and this one
// does.
const keyLife = 24 * time.Hour

// eventLife is how long events are listed.
const eventLife = 30 * 24 * time.Hour

// kept is what is known under an idempotency key.
type kept struct {
	request [32]byte
	made    time.Time
	done    bool
	status  int
	body    []byte
}

// apiError is Stripe's error object.
type apiError struct {
	Type        string
	Code        string
	DeclineCode string
	Message     string
	Param       string

	status int     // 402 when 0
	intent *intent // the PaymentIntent that it is about
}

func (e apiError) json() map[string]any {
	out := map[string]any{"type": e.Type, "message": e.Message}
	for key, value := range map[string]string{"code": e.Code, "decline_code": e.DeclineCode, "param": e.Param} {
		if value != "" {
			out[key] = value
		}
	}
	return out
}

// answer is what a request comes to.
type answer struct {
	status int
	body   map[string]any
	// unkept answers are not kept under a key: nothing was begun.
	unkept bool
}

func refuse(e apiError) answer {
	status := e.status
	if status == 0 {
		status = http.StatusPaymentRequired
	}
	body := e.json()
	if e.intent != nil {
		body["payment_intent"] = e.intent.json()
	}
	return answer{status: status, body: map[string]any{"error": body}}
}

// invalid is a request that does not pass validation.
func invalid(code, param, message string) answer {
	a := refuse(apiError{Type: "invalid_request_error", Code: code, Param: param, Message: message, status: http.StatusBadRequest})
	a.unkept = true
	return a
}

func missing(param, id string) answer {
	a := refuse(apiError{Type: "invalid_request_error", Code: "resource_missing", Param: param, Message: "No such " + param + ": '" + id + "'", status: http.StatusNotFound})
	a.unkept = true
	return a
}

// call is one request, read.
type call struct {
	id   string
	form url.Values
}

func (f *Fake) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(call) answer{
		"POST /v1/payment_intents":               f.createIntent,
		"GET /v1/payment_intents":                f.listIntents,
		"GET /v1/payment_intents/search":         f.searchIntents,
		"GET /v1/payment_intents/{id}":           f.getIntent,
		"POST /v1/payment_intents/{id}/confirm":  f.confirmIntent,
		"POST /v1/payment_intents/{id}/cancel":   f.cancelIntent,
		"POST /v1/checkout/sessions":             f.createSession,
		"GET /v1/checkout/sessions/{id}":         f.getSession,
		"POST /v1/checkout/sessions/{id}/expire": f.expireSession,
		"POST /v1/refunds":                       f.createRefund,
		"GET /v1/refunds":                        f.listRefunds,
		"GET /v1/refunds/{id}":                   f.getRefund,
		"GET /v1/disputes/{id}":                  f.getDispute,
		"GET /v1/events":                         f.listEvents,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, pattern, do) })
	}
	return mux
}

// ServeHTTP answers as Stripe's API, with faults.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

// fate is what goes wrong with one request.
type fate struct {
	unreached, redirect, tooMany, unavailable, slow, lost, failed bool
	slowFor                                                       time.Duration
}

// draw decides the fate of a request, and counts it.
func (f *Fake) draw(pattern string) fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[pattern]++
	hit := func(chance float64) bool { return chance > 0 && f.chance.Float64() < chance }
	p := f.faults
	return fate{
		unreached: hit(p.Unreached), redirect: hit(p.Redirect), tooMany: hit(p.TooMany), unavailable: hit(p.Unavailable),
		slow: hit(p.Slow), slowFor: p.SlowFor, lost: hit(p.Lost), failed: hit(p.Failed),
	}
}

func (f *Fake) serve(w http.ResponseWriter, r *http.Request, pattern string, do func(call) answer) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return
	}
	fate := f.draw(pattern)
	switch {
	case fate.unreached:
		panic(http.ErrAbortHandler)
	case fate.redirect:
		w.Header().Set("Location", "https://elsewhere.invalid"+r.URL.Path)
		w.WriteHeader(http.StatusPermanentRedirect)
		return
	case fate.tooMany:
		write(w, http.StatusTooManyRequests, encode(refuse(apiError{Type: "invalid_request_error", Code: "rate_limit", status: 429}).body), false)
		return
	case fate.unavailable:
		write(w, http.StatusServiceUnavailable, []byte(`{"error":{"type":"api_error","message":"unavailable"}}`), false)
		return
	}
	if user, _, ok := r.BasicAuth(); r.Header.Get("Authorization") != "Bearer "+f.cfg.Key && (!ok || user != f.cfg.Key) {
		write(w, http.StatusUnauthorized, []byte(`{"error":{"type":"invalid_request_error","message":"Invalid API Key provided"}}`), false)
		return
	}
	form, err := url.ParseQuery(r.URL.RawQuery)
	if r.Method == http.MethodPost {
		form, err = url.ParseQuery(string(body))
	}
	if err != nil {
		write(w, http.StatusBadRequest, encode(invalid("parameter_invalid", "", "the form can't be read").body), false)
		return
	}
	status, answered, replayed := f.once(r, body, fate, func() answer {
		return do(call{id: r.PathValue("id"), form: form})
	})
	if fate.lost {
		panic(http.ErrAbortHandler)
	}
	write(w, status, answered, replayed)
}

// once acts at most once for a key, as https://docs.stripe.com/api/idempotent_requests
// describes: what was begun is kept, failures too; other parameters are refused, and so is
// a key that is at work.
func (f *Fake) once(r *http.Request, body []byte, fate fate, do func() answer) (status int, answered []byte, replayed bool) {
	key := r.Header.Get("Idempotency-Key")
	if r.Method != http.MethodPost {
		key = ""
	}
	request := sha256.Sum256([]byte(r.Method + " " + r.URL.Path + "\n" + string(body)))
	f.mu.Lock()
	before := f.keys[key]
	if key != "" && before != nil && f.cfg.Now().Sub(before.made) < keyLife {
		defer f.mu.Unlock()
		switch {
		case before.request != request:
			return http.StatusBadRequest, encode(refuse(apiError{
				Type: "idempotency_error", Message: "Keys for idempotent requests can only be used with the same parameters they were first used with.",
			}).body), false
		case !before.done:
			return http.StatusConflict, encode(refuse(apiError{
				Type: "invalid_request_error", Code: "idempotency_key_in_use", Message: "There is currently another in-progress request using this key.",
			}).body), false
		}
		return before.status, before.body, true
	}
	now := &kept{request: request, made: f.cfg.Now()}
	if key != "" {
		f.keys[key] = now
	}
	if fate.slow {
		f.mu.Unlock()
		timer := time.NewTimer(fate.slowFor)
		select {
		case <-timer.C:
		case <-f.ending.Done():
			timer.Stop()
		}
		f.mu.Lock()
	}
	a := do()
	if fate.failed && r.Method == http.MethodPost && !a.unkept {
		a = answer{status: http.StatusInternalServerError, body: map[string]any{"error": map[string]any{"type": "api_error", "message": "An unknown error occurred"}}}
	}
	now.done, now.status, now.body = true, a.status, encode(a.body)
	if key != "" && a.unkept {
		delete(f.keys, key)
	}
	early := f.takeEarly()
	f.mu.Unlock()
	early() // events that go before the answer are sent first
	return now.status, now.body, false
}

func encode(body map[string]any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // maps of plain values
	}
	return text
}

func write(w http.ResponseWriter, status int, body []byte, replayed bool) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_fake")
	if replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func metadataOf(form url.Values) map[string]string { return metadataAt(form, "metadata[") }

func metadataAt(form url.Values, prefix string) map[string]string {
	values := map[string]string{}
	for key := range form {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			values[strings.TrimSuffix(name, "]")] = form.Get(key)
		}
	}
	return values
}

// minimums are the least that Stripe charges, for the currencies that tests use
// (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
var minimums = map[string]int64{"eur": 50, "gbp": 30, "usd": 50}

func (f *Fake) createIntent(c call) answer {
	amount, err := strconv.ParseInt(c.form.Get("amount"), 10, 64)
	currency, method := c.form.Get("currency"), c.form.Get("payment_method")
	switch {
	case err != nil || amount < 1:
		return invalid("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case amount < minimums[currency]:
		return invalid("amount_too_small", "amount", "Amount must convert to at least the minimum of the currency.")
	case amount > 99_999_999:
		return invalid("amount_too_large", "amount", "Amount must be no more than 99999999.")
	case len(currency) != 3 || currency != strings.ToLower(currency):
		return invalid("parameter_invalid", "currency", "Invalid currency: "+currency)
	}
	if what, _ := outcomeOf(method); method != "" && what == unknownMethod {
		return missing("payment_method", method)
	}
	mayNotRedirect := c.form.Get("automatic_payment_methods[allow_redirects]") == "never"
	if what, _ := outcomeOf(method); what == redirects && mayNotRedirect {
		return invalid("payment_method_not_available", "payment_method", "This payment method needs a redirect, which this PaymentIntent does not allow.")
	}
	in := f.open(amount, currency, method, metadataOf(c.form))
	if c.form.Get("confirm") == "true" {
		if e := f.confirm(in); e != nil {
			return refuse(*e)
		}
	}
	return answer{status: http.StatusOK, body: in.json()}
}

func (f *Fake) getIntent(c call) answer {
	in, ok := f.intents[c.id]
	if !ok {
		return missing("payment_intent", c.id)
	}
	return answer{status: http.StatusOK, body: in.json()}
}

func (f *Fake) confirmIntent(c call) answer {
	in, ok := f.intents[c.id]
	if !ok {
		return missing("payment_intent", c.id)
	}
	in.returnURL = c.form.Get("return_url")
	if e := f.confirm(in); e != nil {
		return refuse(*e)
	}
	return answer{status: http.StatusOK, body: in.json()}
}

func (f *Fake) cancelIntent(c call) answer {
	in, ok := f.intents[c.id]
	if !ok {
		return missing("payment_intent", c.id)
	}
	if e := f.cancel(in, c.form.Get("cancellation_reason")); e != nil {
		return refuse(*e)
	}
	return answer{status: http.StatusOK, body: in.json()}
}

func (f *Fake) createRefund(c call) answer {
	in, ok := f.intents[c.form.Get("payment_intent")]
	if !ok {
		return missing("payment_intent", c.form.Get("payment_intent"))
	}
	amount, err := strconv.ParseInt(c.form.Get("amount"), 10, 64)
	left := in.received - in.sum("succeeded") - in.sum("pending")
	switch {
	case err != nil || amount < 1:
		return invalid("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case in.status != "succeeded":
		return refuse(apiError{Type: "invalid_request_error", Code: "charge_not_refundable", Message: "This PaymentIntent has no successful charge to refund.", status: 400})
	case in.disputed():
		return refuse(apiError{Type: "invalid_request_error", Code: "charge_disputed", Message: "The charge has been charged back; it cannot be refunded.", status: 400})
	case left == 0:
		return refuse(apiError{Type: "invalid_request_error", Code: "charge_already_refunded", Message: "The charge has already been refunded.", status: 400})
	case amount > left:
		return refuse(apiError{Type: "invalid_request_error", Param: "amount", Message: "Refund amount is greater than unrefunded amount on charge.", status: 400})
	}
	return answer{status: http.StatusOK, body: f.giveBack(in, amount, metadataOf(c.form)).json()}
}

func (f *Fake) getRefund(c call) answer {
	r, ok := f.refunds[c.id]
	if !ok {
		return missing("refund", c.id)
	}
	return answer{status: http.StatusOK, body: r.json()}
}

func (f *Fake) getDispute(c call) answer {
	d, ok := f.disputes[c.id]
	if !ok {
		return missing("dispute", c.id)
	}
	return answer{status: http.StatusOK, body: d.json()}
}

func (f *Fake) listIntents(c call) answer {
	var found []entry
	for _, in := range slices.Backward(f.order) {
		if within(c.form, in.created) {
			found = append(found, entry{in.id, in.json})
		}
	}
	return page(c.form, found)
}

// searchIntents knows queries of one form: metadata['KEY']:'VALUE'.
func (f *Fake) searchIntents(c call) answer {
	query := c.form.Get("query")
	key, rest, ok := strings.Cut(strings.TrimPrefix(query, "metadata['"), "']:'")
	value, end := strings.CutSuffix(rest, "'")
	if !ok || !end || !strings.HasPrefix(query, "metadata['") {
		return invalid("parameter_invalid", "query", "the fake does not know this query: "+query)
	}
	found := []any{}
	for _, in := range slices.Backward(f.order) {
		if in.metadata[key] == value {
			found = append(found, in.json())
		}
	}
	return answer{status: http.StatusOK, body: map[string]any{"object": "search_result", "url": "/v1/payment_intents/search", "data": found, "has_more": false, "next_page": nil}}
}

func (f *Fake) listRefunds(c call) answer {
	of := c.form.Get("payment_intent")
	var found []entry
	for _, r := range slices.Backward(f.given) {
		if within(c.form, r.created) && (of == "" || of == r.of.id) {
			found = append(found, entry{r.id, r.json})
		}
	}
	return page(c.form, found)
}

// listEvents lists the events of the last 30 days: https://docs.stripe.com/api/events/list.
func (f *Fake) listEvents(c call) answer {
	var types []string
	for key, values := range c.form {
		if strings.HasPrefix(key, "types[") {
			types = append(types, values...)
		}
	}
	if len(types) > 20 {
		return invalid("parameter_invalid", "types", "at most 20 types")
	}
	oldest := f.cfg.Now().Add(-eventLife).Unix()
	var found []entry
	for _, e := range slices.Backward(f.listed) {
		if e.created >= oldest && within(c.form, e.created) && (len(types) == 0 || slices.Contains(types, e.kind)) {
			found = append(found, entry{e.id, func() map[string]any { return e.body }})
		}
	}
	return page(c.form, found)
}

// entry is a row of a list.
type entry struct {
	id   string
	json func() map[string]any
}

// within reports whether a row was made in the request's range of time.
func within(form url.Values, created int64) bool {
	from, err := strconv.ParseInt(form.Get("created[gte]"), 10, 64)
	late := err == nil && created < from
	to, err := strconv.ParseInt(form.Get("created[lte]"), 10, 64)
	return !late && (err != nil || created <= to)
}

// page cuts a page out of a list, newest first: at most 100, 10 by default.
func page(form url.Values, all []entry) answer {
	limit := 10
	if n, err := strconv.Atoi(form.Get("limit")); err == nil {
		limit = min(max(n, 1), 100)
	}
	if after := form.Get("starting_after"); after != "" {
		at := slices.IndexFunc(all, func(e entry) bool { return e.id == after })
		if at < 0 {
			return missing("starting_after", after)
		}
		all = all[at+1:]
	}
	data := []any{}
	for _, e := range all[:min(limit, len(all))] {
		data = append(data, e.json())
	}
	return answer{status: http.StatusOK, body: map[string]any{"object": "list", "url": "/v1", "data": data, "has_more": len(all) > limit}}
}

// Keys returns the idempotency keys that are kept, for tests.
func (f *Fake) Keys() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.keys))
}
