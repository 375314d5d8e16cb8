//go:build mesh

package mesh

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// atIngress is a counter of the calls to a service, by the name of the ingress's replica.
func atIngress(t *testing.T, service, counter string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, pod := range podsOf(t, "shop-ingress", "ingress") {
		count := 0 // a counter that never counted is not listed
		for line := range strings.Lines(proxy(t, "shop-ingress", pod, "stats?filter="+counter+"$")) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			if strings.HasPrefix(name, "cluster.outbound|8080||"+service+".shop.") && strings.HasSuffix(name, "."+counter) {
				n, err := strconv.Atoi(value)
				if err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				count += n
			}
		}
		counts[pod] = count
	}
	if len(counts) == 0 {
		t.Fatal("the ingress has no replica")
	}
	return counts
}

// logged is a request in the log of a proxy.
type logged struct {
	Start time.Time `json:"start_time"`
	Path  string    `json:"path"`
	// ID is the x-request-id, which the ingress gives: a repeated request keeps it.
	ID    string `json:"request_id"`
	Agent string `json:"user_agent"`
	Code  int    `json:"response_code"`
	Flags string `json:"response_flags"`
	// Details say who made the answer, and why.
	Details string `json:"response_code_details"`
	Bytes   int    `json:"bytes_sent"`
	// Cluster is where the proxy sent it: inbound|8080|| is the pod's own service. Host is to which
	// address, the last one of a repeated request.
	Cluster string `json:"upstream_cluster"`
	Host    string `json:"upstream_host"`
}

// requests are those of these paths that a pod's proxy had since a time; of all paths, where
// none is named.
func requests(t *testing.T, namespace, pod string, since time.Time, paths ...string) []logged {
	t.Helper()
	log := kubectl(t, "-n", namespace, "logs", pod, "-c", "istio-proxy", "--since-time="+since.UTC().Format(time.RFC3339))
	var all []logged
	for line := range strings.Lines(log) {
		var one logged
		if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &one) == nil &&
			(len(paths) == 0 || slices.Contains(paths, one.Path)) && !one.Start.Before(since) {
			all = append(all, one)
		}
	}
	return all
}

// arrived are those that came to the service in each pod of an app.
func arrived(t *testing.T, app string, since time.Time, paths ...string) []int {
	t.Helper()
	var counts []int
	for _, pod := range podsOf(t, "shop", app) {
		n := 0
		for _, one := range requests(t, "shop", pod, since, paths...) {
			if strings.HasPrefix(one.Cluster, "inbound|8080") {
				n++
			}
		}
		counts = append(counts, n)
	}
	return counts
}

// written waits until the logs of a service's proxies hold all requests that are over. A proxy
// writes its log in order, some time after the request: so each must show one that is made now,
// by a path of the service's that changes nothing.
func written(t *testing.T, path string, pods []string) {
	t.Helper()
	began := time.Now()
	path += fmt.Sprintf("?mark=%d", began.UnixNano())
	eventually(t, patience, func() error {
		drive[[]answer](t, outside, "request", "-url", gateway+path, "-ca", certificate(t), "-n", "8")
		for _, pod := range pods {
			if len(requests(t, "shop", pod, began.Add(-time.Minute), path)) == 0 {
				return fmt.Errorf("the proxy of %s has not logged %s", pod, path)
			}
		}
		return nil
	})
}
