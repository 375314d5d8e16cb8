//go:build mesh

package mesh

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// Row 2, jobs: what runs to its end in the mesh ends there: its sidecar goes when it does, and
// nobody waits for it.
func TestRow02Jobs(t *testing.T) {
	t.Parallel()
	audit(t) // a Job of now, beside those that were deployed
	type status struct {
		Name  string
		State struct {
			Terminated *struct {
				ExitCode   int
				FinishedAt time.Time
			}
		}
	}
	var pods struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct {
				Phase                                    string
				ContainerStatuses, InitContainerStatuses []status
			}
		}
	}
	var slowest time.Duration
	eventually(t, time.Minute, func() error {
		if err := json.Unmarshal([]byte(kubectl(t, "-n", "shop", "get", "pods", "-l", "app in (topics, demo, operator-job)", "-o", "json")), &pods); err != nil {
			return err
		}
		if len(pods.Items) < 3 {
			return fmt.Errorf("%d pods of Jobs", len(pods.Items))
		}
		for _, pod := range pods.Items {
			if pod.Status.Phase != "Succeeded" {
				return fmt.Errorf("%s is %s", pod.Metadata.Name, pod.Status.Phase)
			}
			for _, sidecar := range pod.Status.InitContainerStatuses {
				if sidecar.State.Terminated == nil {
					return fmt.Errorf("%s of %s runs", sidecar.Name, pod.Metadata.Name)
				}
				slowest = max(slowest, sidecar.State.Terminated.FinishedAt.Sub(pod.Status.ContainerStatuses[0].State.Terminated.FinishedAt))
			}
		}
		return nil
	})
	t.Logf("row 2, jobs: %d of %d have ended, the last sidecar %v after its program", len(pods.Items), len(pods.Items), slowest)
}
