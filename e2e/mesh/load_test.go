//go:build mesh

package mesh

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"
)

// calls and made are what the driver's load got.
type (
	calls struct {
		Made, Failed int
		Errors       map[string]int
		LastFailed   time.Time
		PerSecond    float64
		Took         []float64   // milliseconds
		Slow         []time.Time // when those began that took more than a second
	}
	made struct{ Reads, Writes calls }
)

// addresses are how many the calls of loaded come from.
const addresses = 8

// steady calls the shop at a rate while something happens, half of it orders or what flags say.
func steady(t *testing.T, rate float64, lasts time.Duration, happens func(), flags ...string) made {
	t.Helper()
	return loaded(t, append([]string{"-url", gateway, "-ca", certificate(t), "-rate", fmt.Sprint(rate / addresses), "-for", lasts.String()}, flags...), happens)
}

// loaded has the driver's load come from several addresses at once: one may have twenty orders
// only that wait for their payment, and while consumers move between replicas payments wait, too.
func loaded(t *testing.T, flags []string, happens func()) made {
	t.Helper()
	kubectl(t, "-n", "shop-test", "scale", "deployment/outside", fmt.Sprintf("--replicas=%d", addresses))
	kubectl(t, "-n", "shop-test", "rollout", "status", "deployment/outside", "--timeout=180s")
	defer kubectl(t, "-n", "shop-test", "scale", "deployment/outside", "--replicas=1")
	var pods []string
	eventually(t, time.Minute, func() error { // an earlier test's may be about to end
		if pods = podsOf(t, "shop-test", "outside"); len(pods) != addresses {
			return fmt.Errorf("the clients are %v, want %d", pods, addresses)
		}
		return nil
	})
	parts := make([]made, len(pods))
	errs := make([]error, len(pods))
	var all sync.WaitGroup
	inputs := make([]*io.PipeWriter, len(pods))
	end := func() {
		for _, input := range inputs {
			_ = input.Close()
		}
	}
	for i, pod := range pods {
		var input io.Reader
		input, inputs[i] = io.Pipe()
		all.Go(func() {
			parts[i], errs[i] = runWith[made](t, input, "shop-test/"+pod, append([]string{"driver", "load"}, flags...)...)
		})
	}
	defer end()
	happens()
	end()
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	var sum made
	for _, part := range parts {
		sum.Reads.add(part.Reads)
		sum.Writes.add(part.Writes)
	}
	return sum
}

// add counts other calls in.
func (c *calls) add(other calls) {
	c.Made += other.Made
	c.Failed += other.Failed
	for text, n := range other.Errors {
		if c.Errors == nil {
			c.Errors = map[string]int{}
		}
		c.Errors[text] += n
	}
	if other.LastFailed.After(c.LastFailed) {
		c.LastFailed = other.LastFailed
	}
	c.PerSecond += other.PerSecond
	c.Took = append(c.Took, other.Took...)
	c.Slow = append(c.Slow, other.Slow...)
}

// within are the milliseconds that a part of the calls took at most, 0 without calls.
func (c calls) within(part float64) float64 {
	if len(c.Took) == 0 {
		return 0
	}
	took := slices.Sorted(slices.Values(c.Took))
	return took[min(int(part*float64(len(took))), len(took)-1)]
}
