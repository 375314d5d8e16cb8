package domain_test

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// A year and more of a shop whose rotation runs at any times, sometimes not for weeks: there
// is always a key that signs; whoever fetched the keys at most 45 minutes before a token is
// signed has its key; and a token can be verified for all of its life.
func TestTokensAreVerifiedThroughRotations(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		period := time.Duration(rapid.IntRange(24, 24*60).Draw(t, "period in hours")) * time.Hour
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var keys domain.SigningKeys
		type token struct {
			kid     string
			expires time.Time
		}
		var tokens []token
		known := map[string]time.Time{} // since when each key was published
		for step := range 60 {
			keys = rotated(keys, now, period, "key "+strconv.Itoa(step))
			for _, k := range keys.Published(now) {
				if _, ok := known[k.KID]; !ok {
					known[k.KID] = now
				}
			}
			signer, ok := keys.At(now)
			if !ok {
				t.Fatalf("at %v nobody signs: %+v", now, keys)
			}
			if len(known) > 1 && now.Sub(known[signer.KID]) < domain.PublishedAhead {
				t.Fatalf("at %v %s signs and is published since %v", now, signer.KID, known[signer.KID])
			}
			published := map[string]bool{}
			for _, k := range keys.Published(now) {
				published[k.KID] = true
			}
			for _, made := range tokens {
				if now.Before(made.expires) && !published[made.kid] {
					t.Fatalf("at %v %s is published no more, and a token of it is good until %v", now, made.kid, made.expires)
				}
			}
			tokens = append(tokens, token{signer.KID, now.Add(12 * time.Hour)})
			now = now.Add(time.Duration(rapid.SampledFrom([]int{1, 10, 46, 600, 60 * 24, 60 * 24 * 20}).Draw(t, "minutes until the next look")) * time.Minute)
		}
	})
}

// rotated applies a rotation as the store does.
func rotated(keys domain.SigningKeys, now time.Time, period time.Duration, kid string) domain.SigningKeys {
	r := keys.Rotate(now, period)
	var next domain.SigningKeys
	for _, k := range keys {
		kept := true
		for _, gone := range r.Remove {
			kept = kept && gone != k.KID
		}
		for _, retired := range r.Retire {
			if retired.KID == k.KID {
				k = retired
			}
		}
		if kept {
			next = append(next, k)
		}
	}
	if r.Add {
		next = append(next, domain.SigningKey{KID: kid, CreateTime: now, ActivateTime: r.ActivateTime})
	}
	return next
}

// The first key signs at once, the next is published 45 minutes before 30 days are over, and
// the first is published for as long as an operator's token may live.
func TestTheTimesOfARotation(t *testing.T) {
	t.Parallel()
	const period = 30 * 24 * time.Hour
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	keys := rotated(nil, start, period, "first")
	if len(keys) != 1 || !keys[0].ActivateTime.Equal(start) {
		t.Fatalf("the first key: %+v", keys)
	}
	early := start.Add(period - domain.PublishedAhead - time.Second)
	if r := keys.Rotate(early, period); !r.None() {
		t.Errorf("a second before it is due: %+v", r)
	}
	due := start.Add(period - domain.PublishedAhead)
	keys = rotated(keys, due, period, "second")
	if r := keys.Rotate(due, period); !r.None() {
		t.Errorf("a rotation that is done already: %+v", r)
	}
	for at, want := range map[time.Time]string{due: "first", start.Add(period - time.Second): "first", start.Add(period): "second"} {
		if signer, _ := keys.At(at); signer.KID != want {
			t.Errorf("at %v %s signs, want %s", at, signer.KID, want)
		}
	}
	end := start.Add(period + domain.LongestToken)
	if n := len(keys.Published(end.Add(-time.Second))); n != 2 {
		t.Errorf("%d keys are published while a token of the first may live", n)
	}
	if r := keys.Rotate(end, period); len(r.Remove) != 1 || r.Remove[0] != "first" || len(keys.Published(end)) != 1 {
		t.Errorf("after its last token the first key stays: %+v", r)
	}
}
