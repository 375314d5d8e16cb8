//go:build mesh

package mesh

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Row 10, addresses: thirty clients with an address each call at once, each within what one
// address may, and all are let through, while another one floods. Each client is a pod.
func TestRow10Addresses(t *testing.T) {
	const addresses, each = 30, 2 // calls over each protocol: eight, of ten that one address may
	// By the address: thirty new pods at once are too much for the DNS of a small cluster.
	ingress := kubectl(t, "-n", "shop-ingress", "get", "service", "ingress", "-o", "jsonpath={.spec.clusterIP}") + ":443"
	signIn := []string{"probe", "-url", gateway, "-address", ingress, "-ca", certificate(t), "-procedure", "/shopmesh.identity.v1.AccountService/SignIn", "-rest", "POST /v1/sessions:signIn", "-n"}
	line, err := json.Marshal(append(signIn, fmt.Sprint(each)))
	if err != nil {
		t.Fatal(err)
	}
	flooder := "shop-test/" + outsiders(t, 1)[0]
	defer outsiders(t, 1) // the next row's client is none that flooded
	const name = "addresses"
	remove := func() {
		kubectl(t, "-n", "shop-test", "delete", "job", name, "--ignore-not-found", "--cascade=foreground")
	}
	remove()
	apply(t, fmt.Sprintf(`
apiVersion: batch/v1
kind: Job
metadata: {name: %[1]s, namespace: shop-test}
spec:
  parallelism: %[2]d
  completions: %[2]d
  completionMode: Indexed
  backoffLimit: 0
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: driver
          image: %[3]s
          args: %[4]s
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`, name, addresses, imageOfDriver(t), line))
	defer remove()
	flooded, passed := 0, 0
	eventually(t, patience, func() error {
		for _, got := range drive[[]probed](t, flooder, append(signIn, "25")...) {
			flooded++
			if !limited(got) {
				passed++
			}
		}
		if done := kubectl(t, "-n", "shop-test", "get", "job", name, "-o", "jsonpath={.status.succeeded}"); done != fmt.Sprint(addresses) {
			return fmt.Errorf("%q of %d addresses have called", done, addresses)
		}
		return nil
	})
	let := 0
	from := map[string]bool{}
	for pod := range strings.FieldsSeq(kubectl(t, "-n", "shop-test", "get", "pods", "-l", "job-name="+name, "-o", "go-template={{range .items}}{{.metadata.name}}={{.status.podIP}} {{end}}")) {
		pod, address, _ := strings.Cut(pod, "=")
		from[address] = true
		var all []probed
		log := kubectl(t, "-n", "shop-test", "logs", pod)
		if err := json.Unmarshal([]byte(log), &all); err != nil {
			t.Fatalf("%s: %v: %s", pod, err, log)
		}
		for _, got := range all {
			if limited(got) || got.Error != "" {
				t.Errorf("from %s over %s: %+v", address, got.Protocol, got)
				continue
			}
			let++
		}
	}
	if len(from) != addresses || let != 4*addresses*each {
		t.Errorf("%d calls from %d addresses passed", let, len(from))
	}
	if flooded < 100 || passed > flooded/2 {
		t.Errorf("the flood was %d calls, of which %d passed: it was none", flooded, passed)
	}
	t.Logf("row 10, addresses: %d of %d calls from %d addresses passed, while of another address's %d %d were refused", let, 4*addresses*each, len(from), flooded, flooded-passed)
}

// outsiders starts the clients outside the mesh anew, so many, and returns their pods: each has an
// address that has not called yet.
func outsiders(t *testing.T, n int) []string {
	t.Helper()
	kubectl(t, "-n", "shop-test", "scale", "deployment/outside", "--replicas=0")
	eventually(t, time.Minute, func() error {
		if pods := kubectl(t, "-n", "shop-test", "get", "pods", "-l", "app=outside", "-o", "name"); pods != "" {
			return fmt.Errorf("there are still %s", pods)
		}
		return nil
	})
	kubectl(t, "-n", "shop-test", "scale", "deployment/outside", fmt.Sprintf("--replicas=%d", n))
	kubectl(t, "-n", "shop-test", "rollout", "status", "deployment/outside", "--timeout=180s")
	pods := podsOf(t, "shop-test", "outside")
	if len(pods) != n {
		t.Fatalf("the pods are %v, want %d", pods, n)
	}
	return pods
}

// limited reports that the ingress refused a call because its client called too often.
func limited(got probed) bool {
	return got.Reason == "RATE_LIMITED" || got.HTTP == 429 || got.Code == "8" || got.Code == "resource_exhausted"
}
