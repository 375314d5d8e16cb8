//go:build mesh

package mesh

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Row 13: the versions before and after work beside today's, and calls move between them
// without one that fails.
func TestRow13Versions(t *testing.T) {
	stock(t)
	now := map[string]string{}
	for _, service := range servicesBefore() {
		now[service] = runs(t, service)
	}
	defer func() { // before the test's context ends
		endCanary(t, "order")
		roll(t, now)
		forgetNext(t)
	}()
	t.Run("back and forth", func(t *testing.T) { backAndForth(t, now) })
	roll(t, now)
	eventually(t, patience, func() error { return pagesServed(t) })
	t.Run("mixed", mixed)
	t.Run("canary", tenPercent)
}

// servicesBefore are those that the version before has (deploy/PREVIOUS). storefront is new: there
// is nothing to go back to, and what its pages show beside the services of before is not tested.
func servicesBefore() []string {
	return slices.DeleteFunc(allServices(), func(service string) bool { return service == "storefront" })
}

// backAndForth sets all services to the version before, to today's, and back, under orders.
func backAndForth(t *testing.T, now map[string]string) {
	before := built(t, "previous", servicesBefore()...)
	var told []string
	for _, step := range []struct {
		name   string
		to     map[string]string
		within time.Duration
	}{{"N-1", before, 3 * time.Minute}, {"N", now, 3 * time.Minute}, {"N-1 again", before, time.Minute}} {
		const lasts = 100 * time.Second
		var took time.Duration
		load := steady(t, 20, lasts, func() {
			began := time.Now()
			roll(t, step.to)
			took = time.Since(began)
		})
		if took > step.within || took > lasts {
			t.Errorf("all services were set to %s within %v, want %v at most, and under orders for %v", step.name, took, step.within, lasts)
		}
		told = append(told, fmt.Sprintf("%s in %.0f s (%s)", step.name, took.Seconds(), none(t, load)))
	}
	audit(t)
	t.Logf("row 13: %d services to %s; storefront, which is new, stayed", len(now), strings.Join(told, ", to "))
}

// mixed runs an order of the version after beside today's replicas: it has a column and a field
// of its events that nobody else knows. Half of the calls go there, and today's replicas are
// rolled meanwhile: they start on the newer schema.
func mixed(t *testing.T) {
	next := built(t, "next", "order")["order"]
	canary(t, "start", "-service", "order", "-image", next, "-weight", "50")
	since := strings.TrimSpace(sql(t, "shopmesh_order", `select now()`))
	load := steady(t, 20, time.Minute, func() {
		restart(t, "shop", "order")
	})
	figures := none(t, load)
	audit(t)
	byNext, all := twoCounts(t, "order", `select count(*) filter (where placed_by = 'next'), count(*) from orders where create_time > '`+since+`'`)
	if share := float64(byNext) / float64(all); share < 0.3 || share > 0.7 {
		t.Errorf("%d of %d orders were placed by the version after", byNext, all)
	}
	// The field 1000 with "next", as it is on the wire: today's notification kept the event.
	mailed, confirmed := twoCounts(t, "notification", `select count(*) filter (where position('\xc23e046e657874'::bytea in content) > 0), count(*) from notifications where create_time > '`+since+`'`)
	if mailed == 0 || mailed == confirmed {
		t.Errorf("%d of %d mails are of events of the version after", mailed, confirmed)
	}
	t.Logf("row 13: %s; %d of %d orders have the new column set, %d of %d mails came of events with the new field", figures, byNext, all, mailed, confirmed)
}

// tenPercent leads a tenth of the orders to the canary, and ends it.
func tenPercent(t *testing.T) {
	canary(t, "set", "-service", "order", "-weight", "10")
	began := time.Now()
	var load made
	for load.Writes.Made < 2000 { // a busy machine makes fewer in the time
		part := steady(t, 20, 51*time.Second, func() {}, "-writes", "1")
		load.Writes.add(part.Writes)
		none(t, part)
	}
	there := 0
	eventually(t, time.Minute, func() error { // proxies write their logs every ten seconds
		there = total(arrived(t, "order-canary", began, placeOrder))
		if here := total(arrived(t, "order", began, placeOrder)); there+here < load.Writes.Made {
			return fmt.Errorf("%d and %d of %d calls are in the proxies' logs", here, there, load.Writes.Made)
		}
		return nil
	})
	share := float64(there) / float64(load.Writes.Made)
	if share < 0.08 || share > 0.12 {
		t.Errorf("the canary got %.1f %% of the calls, want 8 to 12", 100*share)
	}
	var took time.Duration
	ending := steady(t, 20, 45*time.Second, func() {
		began := time.Now()
		canary(t, "end", "-service", "order")
		took = time.Since(began)
	})
	if took > time.Minute {
		t.Errorf("the canary ended after %v", took)
	}
	ended := none(t, ending)
	audit(t)
	t.Logf("row 13: the canary got %d of %d calls, %.1f %% (p99 %.0f ms); it ended within %.0f s (%s)", there, load.Writes.Made, 100*share, load.Writes.within(0.99), took.Seconds(), ended)
}

// none demands that no call failed, and tells how many there were.
func none(t *testing.T, load made) string {
	t.Helper()
	for kind, c := range map[string]calls{"reads": load.Reads, "orders": load.Writes} {
		if c.Failed > 0 {
			t.Errorf("%d of %d %s failed: %v", c.Failed, c.Made, kind, c.Errors)
		}
	}
	if load.Reads.Made+load.Writes.Made == 0 {
		t.Error("no call was made")
	}
	return fmt.Sprintf("%d reads and %d orders, %d failed, p99 %.0f ms",
		load.Reads.Made, load.Writes.Made, load.Reads.Failed+load.Writes.Failed, max(load.Reads.within(0.99), load.Writes.within(0.99)))
}

// runs is the image that a service has.
func runs(t *testing.T, service string) string {
	t.Helper()
	return kubectl(t, "-n", "shop", "get", "deployment", service, "-o", `jsonpath={.spec.template.spec.containers[?(@.name=="service")].image}`)
}

// built are the images of services by a profile of skaffold.yaml.
func built(t *testing.T, profile string, of ...string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "build.json")
	args := []string{"build", "--profile", profile, "--file-output", file}
	for _, service := range of {
		args = append(args, "--build-image", service)
	}
	inTree(t, root(t), "skaffold", args...)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var build struct {
		Builds []struct{ ImageName, Tag string }
	}
	if err := json.Unmarshal(text, &build); err != nil {
		t.Fatal(err)
	}
	images := map[string]string{}
	for _, one := range build.Builds {
		images[one.ImageName] = one.Tag
	}
	for _, service := range of {
		if images[service] == "" {
			t.Fatalf("skaffold built no %s with the profile %s", service, profile)
		}
	}
	return images
}

// roll gives services their images and waits until no pod of another is left to get a call.
func roll(t *testing.T, images map[string]string) {
	t.Helper()
	for service, image := range images {
		kubectl(t, "-n", "shop", "set", "image", "deployment/"+service, "service="+image)
	}
	for service := range images {
		kubectl(t, "-n", "shop", "rollout", "status", "deployment/"+service, "--timeout=240s")
	}
}

// canary runs tools/canary, which has to be built outside the workspace.
func canary(t *testing.T, args ...string) {
	t.Helper()
	t.Log(strings.TrimSpace(inTree(t, root(t), "env", append([]string{"GOWORK=off", "go", "run", "-C", "tools", "./canary"}, args...)...)))
}

func endCanary(t *testing.T, service string) {
	t.Helper()
	if kubectl(t, "-n", "shop", "get", "service", service+"-canary", "--ignore-not-found", "-o", "name") != "" {
		canary(t, "end", "-service", service)
	}
}

// inTree runs a command in the root of a tree and the cluster's surroundings.
func inTree(t *testing.T, tree, name string, args ...string) string {
	t.Helper()
	cmd := command(t.Context(), name, args...)
	cmd.Dir = tree
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// twoCounts asks the database of a service for two numbers.
func twoCounts(t *testing.T, service, query string) (first, second int) {
	t.Helper()
	text := sql(t, "shopmesh_"+service, query)
	if n, err := fmt.Sscanf(text, "%d|%d", &first, &second); n != 2 {
		t.Fatalf("%s: %q: %v", query, text, err)
	}
	return first, second
}

// forgetNext takes back what the version after did to order's database.
func forgetNext(t *testing.T) {
	t.Helper()
	sql(t, "shopmesh_order", "alter table orders drop column if exists placed_by")
	sql(t, "shopmesh_order", "delete from goose_db_version where version_id = 99")
}
