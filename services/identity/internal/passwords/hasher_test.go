package passwords

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// cheap returns a hasher whose hashes cost nearly nothing.
func cheap() *Hasher {
	h := NewHasher()
	h.params = params{memory: 8, time: 1, threads: 1}
	h.dummy.params = h.params
	h.rest = func(context.Context, time.Duration) {}
	return h
}

// compare takes a place and compares.
func (h *Hasher) compare(ctx context.Context, prefix, password, hash string) (Verdict, error) {
	place, err := h.Enter(prefix)
	if err != nil {
		return Verdict{}, err
	}
	defer place.Leave()
	return place.Compare(ctx, password, hash)
}

func run(t *testing.T, h *Hasher) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = h.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
}

func TestAPasswordMatchesItsHash(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	run(t, h)
	hash, err := h.Hash(t.Context(), "here", "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s", hash)
	}
	compare := func(password, hash string) Verdict {
		t.Helper()
		verdict, err := h.compare(t.Context(), "here", password, hash)
		if err != nil {
			t.Fatal(err)
		}
		return verdict
	}
	if v := compare("correct horse battery", hash); !v.Matches || v.Outdated {
		t.Errorf("the right password: %+v", v)
	}
	if v := compare("correct horse batterz", hash); v.Matches {
		t.Error("a wrong password matches")
	}
	if v := compare("", ""); v.Matches {
		t.Error("an account without a password has one")
	}
	if h.Hashed() != 4 {
		t.Errorf("%d hashes were made, want one for each", h.Hashed())
	}
	if _, err := decode("$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$AAAA"); err == nil {
		t.Error("a hash that costs 100 GB was read")
	}
}

func TestAHashOfOtherCostsIsOutdated(t *testing.T) {
	t.Parallel()
	h := cheap()
	run(t, h)
	old := derive("correct horse battery", params{memory: 16, time: 1, threads: 1}, newSalt()).String()
	verdict, err := h.compare(t.Context(), "here", "correct horse battery", old)
	if err != nil || !verdict.Matches || !verdict.Outdated {
		t.Errorf("%+v, %v", verdict, err)
	}
}

func TestPrefixesTakeTurns(t *testing.T) {
	t.Parallel()
	h := cheap()
	var order []string
	places := make(map[string][]*Place)
	for i := range queued {
		add(t, h, places, "flood", fmt.Sprint("flood", i), &order)
	}
	if _, err := h.Enter("flood"); !errors.Is(err, ErrBusy) {
		t.Fatalf("the prefix that has all waiting is let in: %v", err)
	}
	// A newcomer takes the room of the flood's newest.
	add(t, h, places, "a", "a0", &order)
	add(t, h, places, "b", "b0", &order)
	for _, p := range places["flood"][queued-2:] {
		if err := p.wait(t.Context(), func() { t.Error("hashed without a place") }); !errors.Is(err, ErrBusy) {
			t.Errorf("the newest of the flood: %v", err)
		}
	}
	if h.count != queued {
		t.Errorf("%d wait, want %d", h.count, queued)
	}
	for p := h.next(); p != nil; p = h.next() {
		p.do()
	}
	if got := strings.Join(order[:4], " "); got != "flood0 a0 b0 flood1" {
		t.Errorf("served in the order %s", got)
	}
	if len(order) != queued || h.count != 0 || len(h.waiting) != 0 || len(h.turns) != 0 {
		t.Errorf("%d were served; %d, %d and %d left", len(order), h.count, len(h.waiting), len(h.turns))
	}
}

// add takes a place whose hash notes its name.
func add(t *testing.T, h *Hasher, places map[string][]*Place, prefix, name string, order *[]string) {
	t.Helper()
	p, err := h.Enter(prefix)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	h.ready(p, func() { *order = append(*order, name) })
	places[prefix] = append(places[prefix], p)
}

// A place counts from Enter on, while it is not known yet what to hash: it takes no turn
// then, holds nobody up, and is free again after Leave.
func TestAPlaceThatIsNotReadyTakesNoTurn(t *testing.T) {
	t.Parallel()
	h := cheap()
	var order []string
	places := make(map[string][]*Place)
	var early []*Place
	for i := range queued - 2 {
		p, err := h.Enter(fmt.Sprint("early", i))
		if err != nil {
			t.Fatal(err)
		}
		early = append(early, p)
	}
	if h.next() != nil {
		t.Fatal("a place without a hash has its turn")
	}
	add(t, h, places, "late", "late0", &order)
	add(t, h, places, "late", "late1", &order)
	if _, err := h.Enter("late"); !errors.Is(err, ErrBusy) {
		t.Fatalf("a place without a hash counts as free: %v", err)
	}
	h.ready(early[3], func() { order = append(order, "early3") })
	for p := h.next(); p != nil; p = h.next() {
		p.do()
	}
	if got := strings.Join(order, " "); got != "early3 late0 late1" {
		t.Errorf("served in the order %s", got)
	}
	for _, p := range early {
		p.Leave()
		p.Leave() // again is nothing
	}
	if h.count != 0 || len(h.waiting) != 0 || len(h.turns) != 0 {
		t.Errorf("%d, %d and %d left", h.count, len(h.waiting), len(h.turns))
	}
}

func TestWhoGoesAwayWaitsNoMore(t *testing.T) {
	t.Parallel()
	h := cheap() // nobody runs it
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "here", "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("hashed for a caller who went away: %v", err)
	}
	if h.count != 0 || len(h.turns) != 0 {
		t.Errorf("%d wait, %d prefixes", h.count, len(h.turns))
	}
}

// A hash is followed by three times its time of rest: a quarter of a core.
func TestHashingTakesAQuarterOfACore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := cheap()
		h.rest = rest
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = h.Run(ctx) })
		begun := time.Now()
		for range 10 {
			p, err := h.Enter("here")
			if err != nil {
				t.Fatal(err)
			}
			if err := p.wait(ctx, func() { <-time.After(100 * time.Millisecond) }); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took != 10*100*time.Millisecond+9*300*time.Millisecond {
			t.Errorf("ten hashes of 100 ms took %v", took)
		}
		stop()
		running.Wait()
	})
}

// Each hash takes 19 MiB, which are collected before the next ones take theirs; and no prefix
// is kept once nobody of it waits.
func TestHashesDoNotPileUp(t *testing.T) {
	h := NewHasher()
	h.rest = func(context.Context, time.Duration) {}
	run(t, h)
	var least, most uint64
	for i := range 60 {
		if _, err := h.compare(t.Context(), fmt.Sprint(i), "wrong", ""); err != nil {
			t.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if i >= 5 { // its first pieces are there
			if least == 0 {
				least = m.HeapAlloc
			}
			least, most = min(least, m.HeapAlloc), max(most, m.HeapAlloc)
		}
	}
	const allowed = 64 << 20 // the block in use and two that wait for the collector
	if most > allowed {
		t.Errorf("60 hashes held %d MiB, between %d and %d", most>>20, least>>20, most>>20)
	}
	if h.count != 0 || len(h.waiting) != 0 || len(h.turns) != 0 {
		t.Errorf("prefixes are kept: %d, %d, %d", h.count, len(h.waiting), len(h.turns))
	}
}
