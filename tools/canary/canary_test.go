package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// read returns the resources of a file, as Kubernetes' API would.
func read(t *testing.T, file string) (all []object) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "\n---\n") {
		var one object
		if err := yaml.Unmarshal([]byte(part), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, again(t, one))
	}
	return all
}

// again is what a resource is after its way through JSON.
func again(t *testing.T, one any) (read object) {
	t.Helper()
	text, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

const generated = "../../mesh/istio/gen/"

// Each route to order gets the share, for callers outside and for other services, and keeps
// everything else; operators' and other services' routes stay; the end leaves what was there.
func TestASharedServiceKeepsItsRoutes(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"order.yaml", "public.yaml"} {
		before := read(t, generated+file)[0]
		routes, led, err := share(before, "order", "shop", 10, nil)
		if err != nil || led == 0 {
			t.Fatalf("%s: %d routes, %v", file, led, err)
		}
		after := again(t, map[string]any{"spec": map[string]any{"http": routes}})
		was, _ := before["spec"].(map[string]any)["http"].([]any)
		is, _ := after["spec"].(map[string]any)["http"].([]any)
		shared := 0
		for i := range was {
			old, _ := was[i].(map[string]any)
			now, _ := is[i].(map[string]any)
			name, _ := now["name"].(string)
			if to := hosts(now); len(to) == 2 {
				shared++
				if !strings.HasPrefix(name, "order.") || strings.HasSuffix(name, ".internal") {
					t.Errorf("%s: the route %s is shared", file, name)
				}
				if to[0] != "order.shop.svc.cluster.local:8080" || to[1] != "order-canary.shop.svc.cluster.local:8080" {
					t.Errorf("%s: %s leads to %v", file, name, to)
				}
				weights, _ := now["route"].([]any)
				if first, _ := weights[0].(map[string]any); first["weight"] != 90.0 {
					t.Errorf("%s: %s has %v", file, name, weights)
				}
				now["route"] = old["route"]
			} else if strings.HasPrefix(name, "order.") && !strings.HasSuffix(name, ".internal") {
				t.Errorf("%s: the route %s is not shared", file, name)
			}
			if !reflect.DeepEqual(old, now) {
				t.Errorf("%s: more than where it leads changed:\n%v\n%v", file, old, now)
			}
		}
		if shared != led {
			t.Errorf("%s: %d routes are shared, and %d were counted", file, shared, led)
		}
		routes, _, err = share(again(t, map[string]any{"spec": map[string]any{"http": routes}}), "order", "shop", 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ended := again(t, map[string]any{"http": routes}); !reflect.DeepEqual(ended["http"], any(was)) {
			t.Errorf("%s: the end leaves other routes than there were", file)
		}
	}
}

// Routes that are named get the share alone; a route that leads elsewhere, too, is left to whoever divided it.
func TestRoutesAreNamed(t *testing.T) {
	t.Parallel()
	public := read(t, generated+"public.yaml")[0]
	if _, led, err := share(public, "order", "shop", 50, []string{"order.OrderService.PlaceOrder"}); led != 1 || err != nil {
		t.Errorf("%d routes, %v", led, err)
	}
	route := map[string]any{"name": "order.x", "route": append(destinations("order", "shop", 0), destinations("stranger", "shop", 0)...)}
	_, _, err := share(again(t, map[string]any{"spec": map[string]any{"http": []any{route}}}), "order", "shop", 10, nil)
	if err == nil || !strings.Contains(err.Error(), "order.x leads to stranger.shop.svc.cluster.local:8080, too") {
		t.Errorf("got %v", err)
	}
}

// A canary runs as the service does, for itself: no selector of the service finds its pods,
// and each rule about the service's pods has a copy about the canary's.
func TestACanaryHasItsOwnPods(t *testing.T) {
	t.Parallel()
	var deployment, kubernetesService object
	for _, one := range read(t, "../../deploy/base/order/order.yaml") {
		switch one["kind"] {
		case "Deployment":
			deployment = one
		case "Service":
			kubernetesService = one
		}
	}
	spec, _ := kubernetesService["spec"].(map[string]any)
	spec["clusterIP"] = "10.0.0.7"
	rules := append(read(t, generated+"order.yaml"), read(t, generated+"catalog.yaml")...)
	all, err := copies("order", "order:next", 1, deployment, kubernetesService, rules)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, one := range all {
		kind, _ := one["kind"].(string)
		kinds = append(kinds, kind+" "+name(one))
		text, err := json.Marshal(one["spec"])
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"app":"order"`) || strings.Contains(string(text), "10.0.0.7") {
			t.Errorf("the canary's %s keeps the service's: %s", kind, text)
		}
	}
	if want := []string{"Service order-canary", "AuthorizationPolicy order-canary", "Deployment order-canary"}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("the canary has %v, want %v", kinds, want)
	}
	text, _ := json.Marshal(all[2])
	for _, want := range []string{`"image":"order:next"`, `"replicas":1`, `"serviceAccountName":"order"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the canary's Deployment lacks %s: %s", want, text)
		}
	}
	if text, _ := json.Marshal(deployment); !strings.Contains(string(text), `"image":"order"`) {
		t.Error("the service's own Deployment was changed")
	}
}
