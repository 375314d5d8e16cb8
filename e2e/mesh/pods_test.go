//go:build mesh

package mesh

import (
	"strings"
	"testing"
)

// podsOf are the names of an app's pods that run, and are not about to end.
func podsOf(t *testing.T, namespace, app string) []string {
	t.Helper()
	return strings.Fields(kubectl(t, "-n", namespace, "get", "pods", "-l", "app="+app, "--field-selector=status.phase=Running",
		"-o", "go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}"))
}

// proxy asks a pod's proxy at its admin port, which nobody outside the pod reaches.
func proxy(t *testing.T, namespace, pod, path string) string {
	t.Helper()
	return kubectl(t, "-n", namespace, "exec", pod, "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", path)
}
