package sim_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/shopmesh/shopmesh/sim"
)

// enoughSeeds bounds the seeds within which a planted mistake has to be found. Most are
// found in the first ten; the rarest shows in one seed of two hundred.
const enoughSeeds = 2000

// The simulation has to find each of these mistakes: otherwise a run without findings
// would prove nothing. They are planted in the stores around the decisions, not in the
// code that ships.
func TestPlantedMistakesAreFound(t *testing.T) {
	t.Parallel()
	mistakes := map[string]func(*sim.Bugs){
		"a sweeper decides on an order as it was":              func(b *sim.Bugs) { b.Order.StaleSweep = true },
		"a paid order keeps its expiry":                        func(b *sim.Bugs) { b.Order.KeepExpiry = true },
		"an older product replaces a newer one":                func(b *sim.Bugs) { b.Order.OldProducts = true },
		"a release is applied twice":                           func(b *sim.Bugs) { b.Inventory.ForgetRelease = true },
		"stock is decided on unlocked":                         func(b *sim.Bugs) { b.Inventory.StaleStock = true },
		"an event that comes again is not answered":            func(b *sim.Bugs) { b.Inventory.HandleOnce = true },
		"each attempt has a provider key of its own":           func(b *sim.Bugs) { b.Payment.FreshKeys = true },
		"a refund that others made is not recorded":            func(b *sim.Bugs) { b.Payment.IgnoreRefunds = true },
		"a dispute that was lost counts as open":               func(b *sim.Bugs) { b.Payment.IgnoreLosses = true },
		"an unknown outcome counts as declined":                func(b *sim.Bugs) { b.Payment.GuessUnknown = true },
		"a mail that is requested again is another mail":       func(b *sim.Bugs) { b.Notification.ForgetKeys = true },
		"a mail is written to a customer who was erased":       func(b *sim.Bugs) { b.Notification.ForgetErased = true },
		"events are published though their transaction failed": func(b *sim.Bugs) { b.PublishUncommitted = true },
	}
	for name, plant := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := *seed
			if first == 0 {
				first = rand.Uint64N(1 << 40)
			}
			var bugs sim.Bugs
			plant(&bugs)
			reports, failed := many(t, first, enoughSeeds, bugs)
			if failed == nil {
				t.Fatalf("not found in %d seeds from %d", len(reports), first)
			}
			t.Logf("found after %d runs: %v", len(reports), failed.Broken)
		})
	}
}

// A seed is one run: the same steps at the same times, with a log or without.
func TestASeedIsOneRun(t *testing.T) {
	t.Parallel()
	first := *seed
	if first == 0 {
		first = rand.Uint64N(1 << 40)
	}
	hashes := map[uint64]bool{}
	for i := range uint64(20) {
		once, twice := run(t, first+i, sim.Bugs{}, nil), run(t, first+i, sim.Bugs{}, sim.NewLog())
		if fmt.Sprint(once) != fmt.Sprint(twice) {
			t.Fatalf("seed %d came out as %+v, then as %+v", first+i, once, twice)
		}
		hashes[once.Hash] = true
	}
	if len(hashes) != 20 {
		t.Errorf("20 seeds made %d runs", len(hashes))
	}
}
