//go:build mesh

package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// part is one of the cluster that can be lost.
type part struct {
	name string
	// app is the label of its pods; empty for a part that is no container, but a program of
	// the node that its name names.
	namespace, app, container string
}

// hand is the pod that signals processes of the node.
const hand = "shop-hand/deployment/hand"

// process is one of the node.
type process struct {
	PID  int
	Name string
}

// signal has the hand signal processes, half a second later, and returns which.
func signal(t *testing.T, args ...string) []process {
	t.Helper()
	found, err := run[[]process](t, hand, append([]string{"hand", "signal"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// container is one of a pod that runs.
type container struct {
	Name, ContainerID string
}

// pod is one of the cluster, as far as its loss is of interest.
type pod struct {
	Metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Status struct {
		Phase                                    string
		Conditions                               []struct{ Type, Status string }
		ContainerStatuses, InitContainerStatuses []container
	}
}

func (p pod) String() string { return p.Metadata.Namespace + "/" + p.Metadata.Name }

// containers are all of a pod's; sidecars are init containers that go on.
func (p pod) containers() []container {
	return slices.Concat(p.Status.ContainerStatuses, p.Status.InitContainerStatuses)
}

// id is a container's, as control groups are named.
func (p pod) id(name string) string {
	for _, c := range p.containers() {
		if c.Name == name {
			_, id, _ := strings.Cut(c.ContainerID, "://")
			return id
		}
	}
	return ""
}

// ready reports what keeps a pod that has not done its work from being ready.
func (p pod) ready() error {
	if p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" {
		return nil // a Job's
	}
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" && c.Status == "True" {
			return nil
		}
	}
	return fmt.Errorf("the pod %v is not ready", p)
}

// pods returns those of the shop and of Istio, sorted.
func pods(ctx context.Context) ([]pod, error) {
	text, err := try(ctx, "", "kubectl", "get", "pods", "-A", "-o", "json")
	if err != nil {
		return nil, err
	}
	var list struct{ Items []pod }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(list.Items, func(p pod) bool {
		return !slices.Contains([]string{"shop", "shop-data", "shop-ingress", "shop-test", "istio-system"}, p.Metadata.Namespace)
	})
	slices.SortFunc(all, func(a, b pod) int { return strings.Compare(a.String(), b.String()) })
	return all, nil
}

// replicasOf are the pods of a part, also those that are going.
func replicasOf(t *testing.T, of part) []pod {
	t.Helper()
	all, err := pods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(p pod) bool {
		return p.Metadata.Namespace != of.namespace || p.Metadata.Labels["app"] != of.app
	})
}

// containerOf is the id of a container of a pod.
func containerOf(t *testing.T, namespace, name, container string) string {
	t.Helper()
	all, err := pods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.String() == namespace+"/"+name && p.id(container) != "" {
			return p.id(container)
		}
	}
	t.Fatalf("the pod %s/%s has no container %s", namespace, name, container)
	return ""
}

// whole reports what is not as it should be: a pod that is not ready or still has a container
// that was killed, pages that are not served, or an order that is not confirmed by mail.
func whole(t *testing.T, killed []string) error {
	t.Helper()
	all, err := pods(t.Context())
	if err != nil {
		return err
	}
	for _, p := range all {
		for _, c := range p.containers() {
			if slices.ContainsFunc(killed, func(id string) bool { return strings.HasSuffix(c.ContainerID, id) }) {
				return fmt.Errorf("the loss of %s in %v is not noticed", c.Name, p)
			}
		}
		if err := p.ready(); err != nil {
			return err
		}
	}
	if err := pagesServed(t); err != nil {
		return err
	}
	made, err := run[[]ordered](t, outside, "driver", "orders", "-url", gateway, "-ca", certificate(t), "-over", "connect", "-patience", "10s")
	if err != nil {
		return err
	}
	if made[0].State != "CONFIRMED" {
		return fmt.Errorf("an order is %q: %s", made[0].State, made[0].Error)
	}
	mails, err := run[[]mail](t, operator, "driver", "mails", "-url", inbox+"?to="+made[0].Email)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(mails, func(m mail) bool { return m.Subject == "Order "+made[0].Number+" confirmed" }) {
		return fmt.Errorf("no mail confirms order %s", made[0].Number)
	}
	return nil
}
