package passwords

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// cheap returns a hasher whose hashes cost nearly nothing.
func cheap() *Hasher {
	h := NewHasher(nil, nil)
	h.params = params{memory: 8, time: 1, threads: 1}
	h.dummy.params = h.params
	h.rest = noRest
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

func noRest(context.Context, time.Duration) {}

func run(t *testing.T, h *Hasher) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = h.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
}

func TestAPasswordMatchesItsHash(t *testing.T) {
	t.Parallel()
	h := NewHasher(nil, nil)
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
	costs, salt := params{memory: 16, time: 1, threads: 1}, newSalt()
	old := encoded{costs, salt, derive([]byte("correct horse battery"), costs, salt)}.String()
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
		if err := p.wait(t.Context(), func(context.Context) (time.Duration, error) { return 0, errors.New("hashed without a place") }); !errors.Is(err, ErrBusy) {
			t.Errorf("the newest of the flood: %v", err)
		}
	}
	if h.count != queued {
		t.Errorf("%d wait, want %d", h.count, queued)
	}
	for p := h.next(); p != nil; p = h.next() {
		_, _ = p.do(t.Context())
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
	h.ready(p, func(context.Context) (time.Duration, error) { *order = append(*order, name); return 0, nil })
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
	h.ready(early[3], func(context.Context) (time.Duration, error) { order = append(order, "early3"); return 0, nil })
	for p := h.next(); p != nil; p = h.next() {
		_, _ = p.do(t.Context())
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

// A hash is followed by three times its processor time of rest: a quarter of a core, and no
// less where it had to wait for the processor.
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
			if err := p.wait(ctx, func(context.Context) (time.Duration, error) {
				<-time.After(100 * time.Millisecond)
				return 40 * time.Millisecond, nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took != 10*100*time.Millisecond+9*120*time.Millisecond {
			t.Errorf("ten hashes that worked for 40 ms of 100 took %v", took)
		}
		stop()
		running.Wait()
	})
}

// After a hash that failed there is a pause, which doubles up to a second: a process that can't
// be started costs a flood of sign-ins no more than one that works. What is wrong is a
// condition, and ends with the first hash that is made.
func TestFailuresArePausedFor(t *testing.T) {
	t.Parallel()
	h := cheap()
	pauses := make(chan time.Duration, 6)
	h.rest = func(_ context.Context, pause time.Duration) { pauses <- pause }
	broken := fmt.Errorf("%w: no more processes", ErrProcess)
	h.derive = func(_ context.Context, password string, _ params, _ []byte) (derived, error) {
		if password == "broken" {
			return derived{}, broken
		}
		return derived{hash: newSalt(), worked: 10 * time.Millisecond}, nil
	}
	run(t, h)
	for range 4 {
		if _, err := h.compare(t.Context(), "here", "broken", ""); !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	if err := h.Condition(t.Context()); !errors.Is(err, broken) {
		t.Errorf("the condition is %v", err)
	}
	if _, err := h.compare(t.Context(), "here", "wrong", ""); err != nil {
		t.Fatal(err)
	}
	if err := h.Condition(t.Context()); err != nil {
		t.Errorf("the condition lasts: %v", err)
	}
	for _, want := range []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, time.Second} {
		if pause := <-pauses; pause != want {
			t.Errorf("a pause of %v, want %v", pause, want)
		}
	}
	if pause := <-pauses; pause != 30*time.Millisecond {
		t.Errorf("a pause of %v after a hash of 10 ms", pause)
	}
}

// While hashes can't be made, the hasher tries by itself, so that the condition ends with its
// cause and not with the next sign-in.
func TestTheConditionEndsWithItsCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := cheap()
		var broken atomic.Bool
		h.derive = func(context.Context, string, params, []byte) (derived, error) {
			if broken.Load() {
				return derived{}, ErrProcess
			}
			return derived{hash: newSalt()}, nil
		}
		run(t, h)
		broken.Store(true)
		if _, err := h.compare(t.Context(), "here", "wrong", ""); err == nil {
			t.Fatal("hashed")
		}
		<-time.After(time.Minute)
		if h.Condition(t.Context()) == nil {
			t.Error("the condition is over while hashes can't be made")
		}
		broken.Store(false)
		<-time.After(retryAfter + time.Second)
		if err := h.Condition(t.Context()); err != nil {
			t.Errorf("the condition lasts: %v", err)
		}
	})
}

// No prefix is kept once nobody of it waits.
func TestPrefixesAreForgotten(t *testing.T) {
	t.Parallel()
	h := cheap()
	run(t, h)
	for i := range 60 {
		if _, err := h.compare(t.Context(), fmt.Sprint(i), "wrong", ""); err != nil {
			t.Fatal(err)
		}
	}
	if h.count != 0 || len(h.waiting) != 0 || len(h.turns) != 0 {
		t.Errorf("prefixes are kept: %d, %d, %d", h.count, len(h.waiting), len(h.turns))
	}
}
