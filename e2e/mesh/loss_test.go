//go:build mesh

package mesh

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var (
	lossSeed = flag.Uint64("loss.seed", 0, "TestRow14Loss: which replicas are lost, and in which order; 0 draws one")
	lossOnly = flag.String("loss.only", "", "TestRow14Loss: only losses whose names hold this, such as \"pause\" or \"order\"")
)

const (
	// pauseTime is how long a paused part stands still.
	pauseTime = 30 * time.Second
	// wholeWithin is how long everything may take to be as before.
	wholeWithin = 60 * time.Second
)

// loss is what is done to a part.
type loss struct {
	part
	// replica chooses which of them is hit.
	replica uint64
	// both hits all replicas.
	both   bool
	paused bool
}

func (l loss) String() string {
	switch {
	case l.paused:
		return fmt.Sprintf("pause %s for %v", l.name, pauseTime)
	case l.both:
		return "kill all replicas of " + l.name
	default:
		return "kill " + l.name
	}
}

// losses are each part killed once, some paused, and both replicas of one service killed, in
// the order that a seed gives.
func losses(seed uint64) []loss {
	random := rand.New(rand.NewPCG(seed, 14)) //nolint:gosec // repeatable is what it has to be
	services := []part{}
	for _, name := range allServices() {
		services = append(services, part{name, "shop", name, "service"})
	}
	shared := []part{
		{"the ingress", "shop-ingress", "ingress", "istio-proxy"},
		{"PostgreSQL", "shop-data", "postgres", "postgres"},
		{"the broker", "shop-data", "kafka", "kafka"},
		{name: "kubelet"},
	}
	var all []loss
	for _, p := range services {
		all = append(all, loss{part: p})
	}
	for _, p := range shared {
		all = append(all, loss{part: p}, loss{part: p, paused: true})
	}
	all = append(all,
		loss{part: part{"istiod", "istio-system", "istiod", "discovery"}},
		loss{part: part{"order's sidecar", "shop", "order", "istio-proxy"}},
		loss{part: services[random.IntN(len(services))], both: true},
		loss{part: services[random.IntN(len(services))], paused: true},
	)
	for i := range all {
		all[i].replica = random.Uint64()
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// Row 14: whatever is killed or stands still, everything is whole again within a minute without
// a hand; no order that was acknowledged is lost, none is paid twice, each has one mail.
func TestRow14Loss(t *testing.T) {
	seed := *lossSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("again with: go test -tags mesh -count=1 -v ./mesh -run TestRow14Loss -loss.seed=%d -loss.only=%q", seed, *lossOnly)
	stock(t)
	eventually(t, patience, func() error { return whole(t, nil) })
	client := sell(t)
	defer client.remove(t)
	var slowest time.Duration
	var worst loss
	n := 0
	for _, l := range losses(seed) {
		if !strings.Contains(l.String(), *lossOnly) {
			continue
		}
		n++
		if took := lose(t, l); took > slowest {
			slowest, worst = took, l
		}
	}
	t.Logf("row 14: after each of %d losses whole within %v (%v); %s; seed %d",
		n, slowest.Round(time.Second), worst, client.end(t).judge(t), seed)
}

// lose makes a part be lost and returns how long it took until everything was whole again: from
// the kill, or from the end of the pause.
func lose(t *testing.T, l loss) time.Duration {
	t.Helper()
	target := []string{"-process", l.name}
	var hit []string
	if l.app != "" {
		replicas := replicasOf(t, l.part)
		if len(replicas) == 0 {
			t.Fatalf("there is no pod of %s", l.name)
		}
		if !l.both {
			replicas = replicas[l.replica%uint64(len(replicas)):][:1]
		}
		for _, p := range replicas {
			hit = append(hit, p.id(l.container))
		}
		target = []string{"-containers", strings.Join(hit, ",")}
	}
	began := time.Now()
	if l.paused {
		signal(t, append(target, "-signal", "STOP", "-pause", pauseTime.String())...)
		began = began.Add(pauseTime)
		wait(t, time.Until(began))
		hit = nil
	} else {
		found := signal(t, append(target, "-signal", "KILL")...)
		if l.app == "" {
			eventually(t, wholeWithin, func() error { return ended(t, l.name, found) })
		}
	}
	eventually(t, wholeWithin-time.Since(began), func() error { return whole(t, hit) })
	took := time.Since(began)
	if took > wholeWithin { // the last look took so long
		t.Errorf("%v: whole after %v", l, took)
	}
	t.Logf("%v: whole after %v", l, took.Round(100*time.Millisecond))
	return took
}

// ended reports that processes which were killed are still there, or that no others came.
func ended(t *testing.T, name string, killed []process) error {
	t.Helper()
	found, err := run[[]process](t, hand, "hand", "find", "-process", name)
	if err != nil {
		return err // the kubelet answers for the hand
	}
	for _, p := range found {
		for _, k := range killed {
			if p.PID == k.PID {
				return fmt.Errorf("%s is not killed yet", name)
			}
		}
	}
	return nil
}

// wait lets a time pass that nothing else measures.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}
