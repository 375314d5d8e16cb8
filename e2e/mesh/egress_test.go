//go:build mesh

package mesh

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Row 18: payment reaches the host outside that is listed for it, and nobody else does; what is
// refused is in the log of the proxy that refused it.
//
// All of them dial the address of the stand-in, which answers everybody outside the mesh, so that
// the proxies alone can be what stops them. Payment and order call from a container beside the
// service's own, through its sidecar.
func TestRow18Egress(t *testing.T) {
	address := kubectl(t, "-n", "shop-test", "get", "service", "provider", "-o", "jsonpath={.spec.clusterIP}") + ":443"
	pods := map[string]string{}
	for _, service := range []string{"payment", "order"} {
		pods[service] = podsOf(t, "shop", service)[0]
	}
	defer func() { // containers beside others can't be taken away again, so the pods are
		kubectl(t, "-n", "shop", "delete", "pod", pods["payment"], pods["order"])
		for service := range pods {
			kubectl(t, "-n", "shop", "rollout", "status", "deployment/"+service, "--timeout=180s")
		}
	}()
	reached, refused := 0, 0
	for _, row := range []struct {
		from, host string
		reaches    bool
	}{
		{"outside", "api.stripe.com", true},
		{"payment", "api.stripe.com", true},
		{"payment", "elsewhere.example", false},
		{"order", "api.stripe.com", false},
		{"operator", "api.stripe.com", false},
	} {
		call := []string{"request", "-insecure", "-address", address, "-url", "https://" + row.host + "/"}
		var got answer
		switch row.from {
		case "outside":
			got = drive[[]answer](t, outside, call...)[0]
		case "operator":
			got = drive[[]answer](t, operator, call...)[0]
		default:
			got = beside(t, pods[row.from], call)
		}
		var from struct{ Pod, Host string }
		arrived := got.Status == 200 && json.Unmarshal([]byte(got.Body), &from) == nil && from.Host == row.host && strings.HasPrefix(from.Pod, "provider-")
		if arrived != row.reaches {
			t.Errorf("%s to %s: %+v", row.from, row.host, got)
			continue
		}
		if arrived {
			reached++
			continue
		}
		refused++
		by := "deployment/operator"
		if pods[row.from] != "" {
			by = "pod/" + pods[row.from]
		}
		eventually(t, 15*time.Second, func() error { return inLogOf(t, by, address) })
	}
	t.Logf("row 18: %d calls reached the listed host, from payment and from outside the mesh; %d were refused, each in its proxy's log", reached, refused)
}

// beside runs the driver in a container of its own in a pod of the shop and reads its answer.
func beside(t *testing.T, pod string, call []string) answer {
	t.Helper()
	name := fmt.Sprintf("row-%d", time.Now().UnixNano())
	kubectl(t, append([]string{"-n", "shop", "debug", pod, "-c", name, "--image=" + imageOfDriver(t), "--profile=restricted", "--", "/ko-app/driver"}, call...)...)
	eventually(t, patience, func() error {
		code := kubectl(t, "-n", "shop", "get", "pod", pod, "-o", `jsonpath={.status.ephemeralContainerStatuses[?(@.name=="`+name+`")].state.terminated.exitCode}`)
		if code == "" {
			return fmt.Errorf("the container beside %s has not ended", pod)
		}
		return nil
	})
	var got []answer
	log := kubectl(t, "-n", "shop", "logs", pod, "-c", name)
	if err := json.Unmarshal([]byte(log), &got); err != nil || len(got) != 1 {
		t.Fatalf("beside %s: %v: %s", pod, err, log)
	}
	return got[0]
}

// inLogOf returns an error unless the log of a pod's proxy has that it refused a connection to an
// address: it leads to the cluster that has no endpoints.
func inLogOf(t *testing.T, pod, address string) error {
	t.Helper()
	for line := range strings.Lines(kubectl(t, "-n", "shop", "logs", pod, "-c", "istio-proxy", "--since=60s")) {
		var entry struct {
			Cluster string `json:"upstream_cluster"`
			To      string `json:"downstream_local_address"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Cluster == "BlackHoleCluster" && entry.To == address {
			return nil
		}
	}
	return fmt.Errorf("the proxy of %s has no line about a refused connection to %s", pod, address)
}
