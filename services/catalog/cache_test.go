package catalog_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// metric returns the value of a line of the process's metrics, as it is written.
func (s harness) metric(t *testing.T, name string, labels ...string) string {
	t.Helper()
	res, err := http.Get(s.internal + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
lines:
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, name) {
			continue
		}
		for _, label := range labels {
			if !strings.Contains(line, label) {
				continue lines
			}
		}
		return strings.TrimSpace(line[strings.LastIndex(line, " ")+1:])
	}
	return ""
}

// proven waits until a replica receives all that the others publish.
func (s harness) proven(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, "the replica receives everything", func() bool { return s.metric(t, "shopmesh_catalog_cache_proven") == "1" })
}

// What one replica changes, and what inventory publishes, the other shows, though it had
// read the product before.
func TestReplicasLearnOfEachOthersChanges(t *testing.T) {
	t.Parallel()
	first := newReplica(t, owner())
	second := first.again(t, owner())
	first.proven(t)
	second.proven(t)
	product := first.product(t, "TEA-1", first.category(t, "Tea", "").GetId(), 499)
	for _, replica := range []harness{first, second} {
		replica.read(t, "TEA-1")
		if hits := replica.metric(t, "shopmesh_catalog_cache_reads_total", `result="hit"`); hits != "0" {
			t.Errorf("%s hits before anything was read twice", hits)
		}
		replica.read(t, "TEA-1")
		if hits := replica.metric(t, "shopmesh_catalog_cache_reads_total", `result="hit"`); hits != "1" {
			t.Errorf("%s hits, want 1", hits)
		}
	}
	if _, err := first.update(t, &catalogv1.Product{Id: product.GetId(), Name: "Renamed"}, "name"); err != nil {
		t.Fatal(err)
	}
	if got := first.read(t, "TEA-1").GetName(); got != "Renamed" {
		t.Errorf("the replica that changed the name shows %q", got)
	}
	testkit.Eventually(t, "the other replica shows the new name", func() bool { return second.read(t, "TEA-1").GetName() == "Renamed" })

	first.events.Publish(level(uuid.MustParse(product.GetId()), 7, 1))
	for _, replica := range []harness{first, second} {
		testkit.Eventually(t, "each replica shows the level", func() bool { return replica.read(t, "TEA-1").GetAvailableQuantity() == 7 })
		// A level that was shown is not taken back.
		for range 20 {
			if got := replica.read(t, "TEA-1").GetAvailableQuantity(); got != 7 {
				t.Fatalf("%d are available, were 7", got)
			}
		}
	}
}

// A replica that receives no events still shows changes: it keeps products for
// seconds only. When the broker is back, it receives what it missed.
func TestAReplicaWithoutABrokerIsNotStaleForLong(t *testing.T) {
	t.Parallel()
	first := newReplica(t, owner())
	var gate testkit.Gate
	second := first
	second.broker = gate.Behind(first.broker)
	second = second.again(t, owner())
	second.proven(t)
	product := first.product(t, "TEA-1", first.category(t, "Tea", "").GetId(), 499)
	second.read(t, "TEA-1")
	gate.Shut()
	if _, err := first.update(t, &catalogv1.Product{Id: product.GetId(), Name: "Renamed"}, "name"); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the replica without a broker shows the change", func() bool { return second.read(t, "TEA-1").GetName() == "Renamed" })
	testkit.Eventually(t, "the metrics show that it receives nothing", func() bool { return second.metric(t, "shopmesh_catalog_cache_proven") == "0" })
	gate.Open()
	second.proven(t)
	second.read(t, "TEA-1")
	if _, err := first.update(t, &catalogv1.Product{Id: product.GetId(), Name: "Renamed again"}, "name"); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the replica receives events again", func() bool { return second.read(t, "TEA-1").GetName() == "Renamed again" })
}
