//go:build mesh

package mesh

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Row 19, variables: a container whose environment lacks a variable, or has a wrong or
// misspelt one, ends at once and says which, in one sentence.
func TestRow19Variables(t *testing.T) {
	t.Parallel()
	mistakes := map[string]struct{ name, value, want string }{
		"missing":  {"SHOPMESH_KAFKA_BROKERS", "", "SHOPMESH_KAFKA_BROKERS"},
		"wrong":    {"SHOPMESH_DRAIN_DELAY", "soon", "SHOPMESH_DRAIN_DELAY"},
		"misspelt": {"SHOPMESH_LOGLEVEL", "debug", "SHOPMESH_LOG_LEVEL"},
		"no file":  {"SHOPMESH_DATABASE_URL_FILE", "/etc/shopmesh/secrets/nothing", "SHOPMESH_DATABASE_URL_FILE"},
	}
	defer kubectl(t, "-n", "shop", "delete", "pod", "-l", "app=mistaken", "--wait=false")
	said, all := 0, 0
	for _, service := range allServices() {
		var deployment object
		if err := json.Unmarshal([]byte(kubectl(t, "-n", "shop", "get", "deployment", service, "-o", "json")), &deployment); err != nil {
			t.Fatal(err)
		}
		podOf := func(kind string) string { return "mistaken-" + service + "-" + strings.ReplaceAll(kind, " ", "-") }
		for kind, mistake := range mistakes {
			apply(t, mistaken(podOf(kind), deployment, mistake.name, mistake.value).json(t))
		}
		for kind, mistake := range mistakes {
			pod := podOf(kind)
			all++
			eventually(t, patience, func() error {
				if phase := kubectl(t, "-n", "shop", "get", "pod", pod, "-o", "jsonpath={.status.phase}"); phase != "Failed" {
					return fmt.Errorf("the pod %s is %s", pod, phase)
				}
				return nil
			})
			log := strings.TrimSpace(kubectl(t, "-n", "shop", "logs", pod))
			if strings.Contains(log, "\n") || !strings.Contains(log, mistake.want) {
				t.Errorf("%s ended with %q, want one sentence about %s", pod, log, mistake.want)
				continue
			}
			said++
			t.Logf("%s: %s", pod, log)
		}
	}
	t.Logf("row 19, variables: %d of %d containers ended with one sentence that names the variable", said, all)
}

// mistaken is a pod like those of a Deployment, outside the mesh and balanced to by nobody,
// with one variable set otherwise.
func mistaken(name string, deployment object, variable, value string) object {
	spec, _ := deployment.at("spec", "template", "spec").(map[string]any)
	containers, _ := spec["containers"].([]any)
	container, _ := containers[0].(map[string]any)
	variables, _ := container["env"].([]any)
	env := []any{map[string]any{"name": variable, "value": value}}
	for _, v := range variables {
		if fields, _ := v.(map[string]any); fields["name"] != variable {
			env = append(env, v)
		}
	}
	one := map[string]any{}
	for field, is := range container {
		if !strings.HasSuffix(field, "Probe") && field != "resources" {
			one[field] = is
		}
	}
	one["env"] = env
	pod := map[string]any{}
	for field, is := range spec {
		pod[field] = is
	}
	pod["containers"], pod["restartPolicy"] = []any{one}, "Never"
	delete(pod, "topologySpreadConstraints")
	return object{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{
		"name": name, "namespace": "shop", "labels": map[string]any{"app": "mistaken", "sidecar.istio.io/inject": "false"},
	}, "spec": pod}
}
