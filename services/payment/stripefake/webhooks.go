package stripefake

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v84/webhook"
)

// Webhooks are where and how events are sent. Each is sent again until it is answered
// with 2xx, or the fake is closed.
type Webhooks struct {
	// URL is the endpoint; empty holds events back until there is one.
	URL string
	// Secrets sign: each gives a signature, as while one is replaced by another.
	Secrets []string
	// Early is the chance that an event is sent before the answer to the request that
	// caused it. Otherwise it is sent at once, or
	Early float64
	// LateFor bounds how long an event waits, by chance: so they come in any order.
	LateFor time.Duration
	// Twice is the chance that an event is sent once more.
	Twice float64
}

const (
	// sendTimeout bounds one sending, as Stripe's does.
	sendTimeout = 10 * time.Second
	// earlyTimeout bounds how long an answer waits for the event before it.
	earlyTimeout = 2 * time.Second
	// sendAgain is the first pause before another sending; it doubles.
	sendAgain = 50 * time.Millisecond
	// maxPause is where doubling ends.
	maxPause = 2 * time.Second
)

// sender sends events.
type sender struct {
	hooks  Webhooks
	early  []func()
	events []json.RawMessage
	listed []listedEvent
	unsent int
}

// listedEvent is an event in the list of events.
type listedEvent struct {
	id, kind string
	created  int64
	body     map[string]any
}

// SetEndpoint sets where events are sent from now on, and how they are signed.
func (f *Fake) SetEndpoint(url string, secrets ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks.URL, f.hooks.Secrets = url, secrets
}

// Events returns the bodies of all events so far.
func (f *Fake) Events() [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([][]byte, len(f.events))
	for i, e := range f.events {
		all[i] = e
	}
	return all
}

// Unsent counts the events that were not answered with 2xx yet.
func (f *Fake) Unsent() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.unsent
}

// emit makes an event and sends it. The lock is held.
func (f *Fake) emit(kind string, object map[string]any) {
	id, now := f.id("evt"), f.cfg.Now().Unix()
	event := map[string]any{
		"id": id, "object": "event", "type": kind, "created": now, "livemode": false,
		"api_version": "2026-02-25.clover", "data": map[string]any{"object": object}, "pending_webhooks": 1,
	}
	f.listed = append(f.listed, listedEvent{id, kind, now, event})
	body := encode(event)
	f.events = append(f.events, body)
	if f.closed {
		return
	}
	copies := 1
	if f.hooks.Twice > 0 && f.chance.Float64() < f.hooks.Twice {
		copies = 2
	}
	early := f.hooks.Early > 0 && f.chance.Float64() < f.hooks.Early
	for range copies {
		var wait time.Duration
		if f.hooks.LateFor > 0 {
			wait = time.Duration(f.chance.Int64N(int64(f.hooks.LateFor)))
		}
		f.unsent++
		if early {
			early, wait = false, 0
			sent := make(chan struct{})
			f.work.Go(func() { f.send(body, 0, sent) })
			f.early = append(f.early, func() {
				select {
				case <-sent:
				case <-time.After(earlyTimeout):
				case <-f.ending.Done():
				}
			})
			continue
		}
		f.work.Go(func() { f.send(body, wait, nil) })
	}
}

// takeEarly returns a wait for the events that go before an answer. The lock is held.
func (f *Fake) takeEarly() func() {
	waits := f.early
	f.early = nil
	return func() {
		for _, wait := range waits {
			wait()
		}
	}
}

// send sends until it is taken. tried is closed after the first try.
func (f *Fake) send(body []byte, wait time.Duration, tried chan<- struct{}) {
	pause := sendAgain
	for {
		timer := time.NewTimer(wait)
		select {
		case <-f.ending.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		taken := f.sendOnce(body)
		if tried != nil {
			close(tried)
			tried = nil
		}
		if taken {
			f.mu.Lock()
			f.unsent--
			f.mu.Unlock()
			return
		}
		wait, pause = pause, min(2*pause, maxPause)
	}
}

func (f *Fake) sendOnce(body []byte) bool {
	f.mu.Lock()
	hooks := f.hooks
	f.mu.Unlock()
	if hooks.URL == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(f.ending, sendTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hooks.URL, bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Stripe-Signature", Sign(body, f.cfg.Now(), hooks.Secrets...))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode >= 200 && res.StatusCode < 300
}

// Sign is the header Stripe-Signature of a body: one signature of scheme v1 for each
// secret, and one of an older scheme.
func Sign(body []byte, at time.Time, secrets ...string) string {
	parts := []string{"t=" + strconv.FormatInt(at.Unix(), 10)}
	for _, secret := range secrets {
		parts = append(parts, "v1="+hex.EncodeToString(webhook.ComputeSignature(at, body, secret)))
	}
	return strings.Join(append(parts, "v0=00"), ",")
}
