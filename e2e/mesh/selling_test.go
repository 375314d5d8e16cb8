//go:build mesh

package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// sold is what became of the orders that the driver sold.
type sold struct {
	Orders []ordered
	Calls  int
	Failed map[string]int
}

// selling is a client that places orders meanwhile, in a pod of its own: the answer of a
// command in a running pod would be lost with the kubelet.
type selling struct{ pod string }

// sell begins to place orders, through the ingress. The caller ends it.
func sell(t *testing.T) selling {
	t.Helper()
	s := selling{fmt.Sprintf("selling-%d", time.Now().UnixNano())}
	line, err := json.Marshal([]string{"sell", "-url", gateway, "-ca", certificate(t)})
	if err != nil {
		t.Fatal(err)
	}
	apply(t, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: shop-test}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: driver
      image: %s
      args: %s
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`, s.pod, imageOfDriver(t), line))
	kubectl(t, "-n", "shop-test", "wait", "--for=condition=Ready", "pod/"+s.pod, "--timeout=60s")
	return s
}

// remove ends it without a look at what it sold. It runs however the test ends.
func (s selling) remove(t *testing.T) {
	_, _ = try(context.WithoutCancel(t.Context()), "", "kubectl", "-n", "shop-test", "delete", "pod", s.pod, "--ignore-not-found", "--wait=false")
}

// end has it stop, read what became of its orders, and say so.
func (s selling) end(t *testing.T) sold {
	t.Helper()
	id := containerOf(t, "shop-test", s.pod, "driver")
	signal(t, "-containers", id, "-signal", "TERM")
	eventually(t, patience, func() error {
		if phase := kubectl(t, "-n", "shop-test", "get", "pod", s.pod, "-o", "jsonpath={.status.phase}"); phase != "Succeeded" && phase != "Failed" {
			return fmt.Errorf("the pod that sells is %s", phase)
		}
		return nil
	})
	var got sold
	if log := kubectl(t, "-n", "shop-test", "logs", s.pod); json.Unmarshal([]byte(log), &got) != nil {
		t.Fatalf("the pod that sells says %.500q", log)
	}
	return got
}

// judge proves that each order was acknowledged, is confirmed and has one mail, and that the
// books agree. It returns a sentence about them.
func (s sold) judge(t *testing.T) string {
	t.Helper()
	confirmed, mails := 0, 0
	for _, o := range s.Orders {
		if o.State != "CONFIRMED" {
			t.Errorf("the order %s of %s is %q: %s", o.Number, o.Email, o.State, o.Error)
			continue
		}
		confirmed++
	}
	audit(t) // waits until nothing is under way
	mailed := map[string]int{}
	for _, m := range drive[[]mail](t, operator, "mails", "-url", inbox) {
		mailed[m.To+" "+m.Subject]++
	}
	for _, o := range s.Orders {
		n := mailed[o.Email+" Order "+o.Number+" confirmed"]
		if n != 1 && o.State == "CONFIRMED" {
			t.Errorf("%d mails confirm order %s", n, o.Number)
		}
		mails += n
	}
	failed := 0
	for _, n := range s.Failed {
		failed += n
	}
	return fmt.Sprintf("%d orders, acknowledged after %d of %d calls had failed %v; %d confirmed, %d mails",
		len(s.Orders), failed, s.Calls, s.Failed, confirmed, mails)
}

// inbox is where mails can be read.
const inbox = "http://inbox.shop-data:8025/inbox.json"
