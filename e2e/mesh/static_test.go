//go:build mesh

package mesh

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// object is a resource of Kubernetes.
type object map[string]any

func (o object) at(path ...string) any {
	var at any = map[string]any(o)
	for _, name := range path {
		fields, _ := at.(map[string]any)
		at = fields[name]
	}
	return at
}

func (o object) String() string {
	return fmt.Sprintf("%v %v/%v", o["kind"], o.at("metadata", "namespace"), o.at("metadata", "name"))
}

// json is how kubectl takes it.
func (o object) json(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// objects reads manifests.
func objects(t *testing.T, manifests string) []object {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(manifests))
	var all []object
	for {
		var o map[string]any // not object: what is inside would be of that type, too
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if o != nil {
			all = append(all, o)
		}
	}
}

// overlay builds an overlay's manifests.
func overlay(t *testing.T, name string) string {
	t.Helper()
	return kubectl(t, "kustomize", filepath.Join(root(t), "deploy", "overlays", name))
}

// component builds a component's manifests alone.
func component(t *testing.T, name string) string {
	t.Helper()
	return kubectl(t, "kustomize", filepath.Join(root(t), "deploy", "components", name))
}

// root is the repository's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// istioctl runs istioctl, which must succeed, and returns what it printed.
func istioctl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := try(t.Context(), "", "istioctl", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checked is what the checks of manifests say; empty when nothing is wrong.
func checked(t *testing.T, all []object) []string {
	t.Helper()
	findings := taken(t, all)
	if file := meshOf(t, all); file != "" {
		findings = append(findings, analyzed(t, file)...)
	}
	return findings
}

// meshOf writes those of manifests that are Istio's to a file, and returns where; empty for none.
func meshOf(t *testing.T, all []object) string {
	t.Helper()
	var mesh bytes.Buffer
	for _, o := range all {
		if version, _ := o["apiVersion"].(string); strings.Contains(version, "istio.io/") {
			fmt.Fprintf(&mesh, "%s\n---\n", o.json(t))
		}
	}
	if mesh.Len() == 0 {
		return ""
	}
	file := filepath.Join(t.TempDir(), "mesh.yaml")
	if err := os.WriteFile(file, mesh.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// taken is what the API server, the Pod Security Standard and `istioctl validate` say against
// manifests.
func taken(t *testing.T, all []object) []string {
	t.Helper()
	var findings []string
	find := func(what string, err error) {
		if err != nil {
			findings = append(findings, what+": "+err.Error())
		}
	}
	for _, o := range all {
		template, _ := o.at("spec", "template").(map[string]any)
		if o["kind"] == "CronJob" {
			template, _ = o.at("spec", "jobTemplate", "spec", "template").(map[string]any)
		}
		// The hand is the one that may do everything: what it kills is not its own.
		if template["spec"] != nil && o.at("metadata", "name") != "hand" {
			pod := object{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{
				"name": o.at("metadata", "name"), "namespace": restricted, "labels": map[string]any{"sidecar.istio.io/inject": "false"},
			}, "spec": podSpec(template["spec"], o.at("spec", "volumeClaimTemplates"))}
			_, err := try(t.Context(), pod.json(t), "kubectl", "create", "--dry-run=server", "-f", "-")
			find("the pod of "+o.String(), err)
		}
		verb := []string{"apply"}
		if o["kind"] == "Job" { // the one that ran can't be changed
			verb = []string{"create"}
			metadata, _ := o["metadata"].(map[string]any)
			o["metadata"] = map[string]any{"name": "checked", "namespace": metadata["namespace"]}
		}
		_, err := try(t.Context(), o.json(t), "kubectl", append(verb, "--dry-run=server", "-f", "-")...)
		find(o.String(), err)
	}
	if file := meshOf(t, all); file != "" {
		_, err := try(t.Context(), "", "istioctl", "validate", "-f", file)
		find("istioctl validate", err)
	}
	return findings
}

// accepted are what istioctl analyze finds, and why it is right.
var accepted = map[string]string{ //nolint:gochecknoglobals // a constant
	"IST0174": "it does not know hosts with a wildcard: the proxies have the rule, which the row checks",
	"IST0133": "every EnvoyFilter is warned of: what ours do has no other resource",
	"IST0134": "the addresses of hosts outside are for whoever runs the shop to write: the example has one host for a port",
	"IST0175": "which networks istiod may read keys from is the cluster's to say",
}

// analyzed is what istioctl analyze finds in a file, beside what runs in the cluster or as flags say.
func analyzed(t *testing.T, file string, flags ...string) []string {
	t.Helper()
	// It ends with an error when it finds something.
	text, _ := try(t.Context(), "", "istioctl", append([]string{"analyze", "-A", "-o", "json", file}, flags...)...)
	var messages []struct{ Code, Level, Message, Origin string }
	if err := json.Unmarshal([]byte(text), &messages); err != nil {
		t.Fatalf("istioctl analyze printed %q: %v", text, err)
	}
	var findings []string
	for _, m := range messages {
		if m.Level != "Info" && accepted[m.Code] == "" {
			findings = append(findings, fmt.Sprintf("istioctl analyze: %s %s: %s", m.Code, m.Origin, m.Message))
		}
	}
	return findings
}

// restricted is a namespace that enforces the Pod Security Standard of that name.
const restricted = "shop-restricted"

// podSpec is a template's, without the account, which the namespace does not have, and with
// folders in place of claimed volumes.
func podSpec(of, claims any) any {
	spec, _ := of.(map[string]any)
	pod := map[string]any{}
	for name, value := range spec {
		if name != "serviceAccountName" {
			pod[name] = value
		}
	}
	pod["restartPolicy"] = "Always"
	claimed, _ := claims.([]any)
	volumes, _ := pod["volumes"].([]any)
	volumes = slices.Clone(volumes)
	for _, claim := range claimed {
		fields, _ := claim.(map[string]any)
		volumes = append(volumes, map[string]any{"name": object(fields).at("metadata", "name"), "emptyDir": map[string]any{}})
	}
	pod["volumes"] = volumes
	return pod
}

// Row 1: the API server, Istio's own checks and the Pod Security Standard find nothing wrong
// with the manifests of any overlay, and find what is planted; no proxy refused its configuration.
func TestRow01Static(t *testing.T) {
	apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+restricted+", labels: {pod-security.kubernetes.io/enforce: restricted}}\n")
	all := objects(t, overlay(t, "test"))
	seen := map[string]bool{}
	for _, o := range all {
		seen[o.json(t)] = true
	}
	findings := checked(t, all)
	// Redpanda is no part of what runs: that it would be taken is all that is known of it.
	redpanda := objects(t, component(t, "redpanda"))
	findings = append(findings, slices.DeleteFunc(checked(t, redpanda), func(finding string) bool {
		return strings.Contains(finding, "IST0127") // a rule for pods that there are not
	})...)
	others := 0
	for _, name := range []string{"dev", "debug", "production"} {
		manifests := overlay(t, name)
		// What is written as it is in an overlay that was checked needs no other look.
		all := slices.DeleteFunc(objects(t, manifests), func(o object) bool {
			text := o.json(t)
			known := seen[text]
			seen[text] = true
			return known
		})
		others += len(all)
		for _, finding := range taken(t, all) {
			findings = append(findings, "overlay "+name+": "+finding)
		}
		if name == "production" { // alone: what it needs must be in it, and not in this cluster
			file := filepath.Join(t.TempDir(), "production.yaml")
			if err := os.WriteFile(file, []byte(manifests), 0o600); err != nil {
				t.Fatal(err)
			}
			findings = append(findings, analyzed(t, file, "--use-kube=false")...)
		}
	}
	for _, finding := range findings {
		t.Error(finding)
	}
	caught := 0
	for name, plant := range planted {
		found := checked(t, objects(t, plant.manifest))
		if i := slices.IndexFunc(found, func(finding string) bool { return strings.Contains(finding, plant.says) }); i < 0 {
			t.Errorf("the planted mistake was not found: %s: no finding says %q: %q", name, plant.says, found)
		} else {
			caught++
			t.Logf("planted: %s: %.500s", name, found[i])
		}
	}
	rejects, pushes := 0.0, 0.0
	pods := strings.Fields(kubectl(t, "-n", "istio-system", "get", "pods", "-l", "app=istiod", "-o", "jsonpath={.items[*].metadata.name}"))
	if len(pods) == 0 {
		t.Fatal("there is no pod of istiod to ask for what proxies refused")
	}
	for _, pod := range pods {
		metrics := kubectl(t, "get", "--raw", "/api/v1/namespaces/istio-system/pods/"+pod+":15014/proxy/metrics")
		for line := range strings.Lines(metrics) {
			for name, sum := range map[string]*float64{"pilot_total_xds_rejects": &rejects, "pilot_xds_pushes": &pushes} {
				if !strings.HasPrefix(line, name) {
					continue
				}
				var n float64
				if _, err := fmt.Sscanf(line[strings.LastIndexByte(strings.TrimSpace(line), ' '):], "%g", &n); err != nil {
					t.Errorf("%q: %v", line, err)
				}
				*sum += n
			}
		}
	}
	clusters := strings.Join(strings.Fields(istioctl(t, "proxy-config", "cluster", "deployment/ingress.shop-ingress", "--fqdn", "order.shop.svc.cluster.local", "--port", "8080", "-o", "json")), "")
	for _, want := range []string{`"retryBudget":{"budgetPercent":{"value":20},"minRetryConcurrency":3}`, `"maxEjectionPercent":50`, `"consecutive5xx":5`, `"idleTimeout":"60s"`} {
		if !strings.Contains(clusters, want) {
			t.Errorf("the ingress's proxies lack %s", want)
		}
	}
	pagesLast(t)
	if rejects != 0 || pushes == 0 {
		t.Errorf("of %g configurations that were sent proxies refused %g", pushes, rejects)
	}
	t.Logf("row 1: %d resources, %d findings; %d of %d planted mistakes found; %g refusals of configuration", len(all)+len(redpanda)+others, len(findings), caught, len(planted), rejects)
}

// planted are manifests with a mistake each, and what the finding says.
var planted = map[string]struct{ says, manifest string }{ //nolint:gochecknoglobals // a constant
	"a route that leads nowhere": {"HTTP route, redirect or direct_response is required", `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: planted, namespace: shop}
spec: {hosts: [order.shop.svc.cluster.local], http: [{name: nowhere}]}
`},
	"a field that Istio does not know": {`unknown field "principal"`, `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: planted, namespace: shop}
spec: {action: ALLOW, rules: [{from: [{source: {principal: [cluster.local/ns/shop/sa/order]}}]}]}
`},
	"a gateway that nobody has": {"IST0101 VirtualService shop/planted: Referenced gateway not found: \"shop-ingress/planted\"", `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: planted, namespace: shop}
spec:
  hosts: ["planted.example"]
  gateways: [shop-ingress/planted]
  http: [{route: [{destination: {host: order.shop.svc.cluster.local, port: {number: 8080}}}]}]
`},
	"a container that runs as root": {"runAsUser=0", `
apiVersion: apps/v1
kind: Deployment
metadata: {name: planted, namespace: shop}
spec:
  selector: {matchLabels: {app: planted}}
  template:
    metadata: {labels: {app: planted}}
    spec: {containers: [{name: planted, image: order, securityContext: {runAsUser: 0}}]}
`},
}
