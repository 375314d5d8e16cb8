//go:build mesh

package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// raiseHand waits for the hand on each node: the pod that may signal processes of others. It
// stays when a row ends: it does nothing by itself.
func raiseHand(t *testing.T) {
	t.Helper()
	apply(t, fmt.Sprintf(hand, imageOfDriver(t)))
	kubectl(t, "-n", "shop-hand", "rollout", "status", "daemonset/hand", "--timeout=120s")
}

// signal sends a signal (KILL, STOP or CONT) to the processes of a container, by the hand that
// was raised. (They can't be killed from within: the kernel shields a container's first process.)
func signal(t *testing.T, namespace, pod, container, name string) {
	t.Helper()
	found := strings.Fields(kubectl(t, "-n", namespace, "get", "pod", pod, "-o", `jsonpath={.spec.nodeName} {.status.containerStatuses[?(@.name=="`+container+`")].containerID}`))
	if len(found) != 2 {
		t.Fatalf("the container %s of %s/%s: %v", container, namespace, pod, found)
	}
	_, id, _ := strings.Cut(found[1], "://")
	on := kubectl(t, "-n", "shop-hand", "get", "pods", "-l", "app=hand", "--field-selector=spec.nodeName="+found[0], "-o", "jsonpath={.items[0].metadata.name}")
	if n := drive[int](t, "shop-hand/"+on, "signal", "-container", id, "-signal", name); n < 1 {
		t.Fatalf("%s reached %d processes of %s/%s", name, n, namespace, pod)
	}
}

// hand is a pod on each node that sees the node's processes.
const hand = `
apiVersion: v1
kind: Namespace
metadata: {name: shop-hand, labels: {pod-security.kubernetes.io/enforce: privileged}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: hand, namespace: shop-hand}
spec:
  selector: {matchLabels: {app: hand}}
  template:
    metadata: {labels: {app: hand}}
    spec:
      hostPID: true
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      containers:
        - name: driver
          image: %s
          args: [wait]
          securityContext: {privileged: true, runAsUser: 0}
`
