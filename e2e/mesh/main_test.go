//go:build mesh

package mesh

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// TestMain fails where there is no cluster to test in: nothing here passes by not running.
func TestMain(m *testing.M) {
	if err := reachable(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "mesh:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// reachable refuses to begin where there is no cluster, or one that is not to be broken.
func reachable(ctx context.Context) error {
	if os.Getenv("SHOPMESH_CLUSTER") == "" && os.Getenv("KUBECONFIG") == "" {
		return fmt.Errorf("no cluster is named: set KUBECONFIG, or SHOPMESH_CLUSTER to a command with the verbs up, in and down")
	}
	label, err := try(ctx, "", "kubectl", "get", "namespace", "kube-system", "-o", `jsonpath={.metadata.labels.shopmesh\.dev/disposable}`)
	if err != nil {
		return err
	}
	if label != "true" {
		return fmt.Errorf("the tests break what runs in the cluster, and this one is not labelled for that: " +
			"kubectl label namespace kube-system shopmesh.dev/disposable=true")
	}
	return nil
}
