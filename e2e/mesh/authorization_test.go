//go:build mesh

package mesh

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/services"
)

// called is what a call of the driver got.
type called struct {
	URL, Body, Error string
	Status           int
	Proxy            bool
}

// procedure is the RPC that was called.
func (c called) procedure() string { return c.URL[strings.LastIndex(c.URL, "/shopmesh."):] }

// calling has each account's pod call URLs, some pods at a time: with all of them a node of two
// processors answers nobody in time.
func calling(t *testing.T, accounts []string, look func(account string, c called), args ...string) {
	t.Helper()
	var mu sync.Mutex
	var callers sync.WaitGroup
	free := make(chan struct{}, 3)
	for _, account := range accounts {
		callers.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			namespace := "shop"
			if account == "ingress" {
				namespace = "shop-ingress"
			}
			got := drive[[]called](t, namespace+"/caller-"+account, append([]string{"calls"}, args...)...)
			mu.Lock()
			defer mu.Unlock()
			for _, c := range got {
				look(account, c)
			}
		})
	}
	callers.Wait()
}

// Row 6: each service account reaches the RPCs that callers.yaml lists for it, the ingress
// those that somebody outside may call, the operator none at the API's port, and nobody
// anything else. The calls go by a host of their own, past the routes, so that the rules alone
// decide.
func TestRow06Authorization(t *testing.T) {
	accounts := append(services.Contexts(), "operator", "default")
	var manifests strings.Builder
	for _, service := range services.Contexts() {
		fmt.Fprintf(&manifests, directHost, service)
	}
	for _, account := range accounts {
		fmt.Fprintf(&manifests, caller, account, "shop", account, imageOfDriver(t))
	}
	fmt.Fprintf(&manifests, caller, "ingress", "shop-ingress", "ingress", imageOfDriver(t))
	apply(t, manifests.String())
	t.Cleanup(func() {
		_, _ = try(context.WithoutCancel(t.Context()), manifests.String(), "kubectl", "delete", "--wait=false", "-f", "-")
	})
	for namespace, names := range map[string][]string{"shop": accounts, "shop-ingress": {"ingress"}} {
		for _, name := range names {
			kubectl(t, "-n", namespace, "wait", "--for=condition=Ready", "pod/caller-"+name, "--timeout=180s")
		}
	}
	listed := listedCalls(t)
	var urls []string
	for service, procedures := range proceduresByService() {
		for _, procedure := range procedures {
			urls = append(urls, "http://"+service+".shop:8080"+procedure)
		}
	}
	cells, passed := 0, 0
	calling(t, append(accounts, "ingress"), func(account string, c called) {
		cells++
		want := listed[account][c.procedure()]
		if reached := !c.Proxy && c.Error == ""; reached != want {
			t.Errorf("%s calls %s: reached %t, want %t (%d %s %s)", account, c.procedure(), reached, want, c.Status, c.Body, c.Error)
		} else if reached {
			passed++
		} else if c.Status != 403 {
			t.Errorf("%s calls %s: refused with %d %q, want 403", account, c.procedure(), c.Status, c.Body)
		}
	}, "-direct", "-urls", strings.Join(urls, ","))
	readers := pageReaders(t, append(accounts, "ingress"))
	internal := internalPort(t, append(accounts, "ingress"))
	t.Logf("row 6: %d cells, %d let in, %d refused; pages let the ingress in alone, and refused %d others; the internal ports let the operator in, and refused %d calls of others", cells, passed, cells-passed, readers, internal)
}

// internalPort calls each service's internal port from each account's pod: it is for the operator
// alone. It returns how many calls were refused.
func internalPort(t *testing.T, accounts []string) int {
	t.Helper()
	var urls []string
	for _, service := range services.Contexts() {
		urls = append(urls, "http://"+service+".shop:9090/shopmesh.operations.v1.OperationsService/GetStatus")
	}
	refused := 0
	calling(t, accounts, func(account string, c called) {
		// The operator's call has no token, so that it is the service that says no.
		reached := !c.Proxy && c.Error == "" && c.Status != 404
		if reached != (account == "operator") {
			t.Errorf("%s calls %s: reached %t (%d %s %s)", account, c.URL, reached, c.Status, c.Body, c.Error)
		}
		switch {
		case reached:
		case c.Status == 403:
			refused++
		default:
			t.Errorf("%s calls %s: %d %q %s, want 403", account, c.URL, c.Status, c.Body, c.Error)
		}
	}, "-urls", strings.Join(urls, ","))
	return refused
}

// Row 6, used: each RPC that callers.yaml lists for a service is called by its code, through the
// client that is generated for the RPC's service. A right that nobody uses is one too many.
func TestRow06Used(t *testing.T) {
	n := 0
	for account, callees := range writtenCalls(t) {
		folders := []string{"services/" + account}
		if account == "*" { // what each of them does: kit/settings and kit/token are given their clients here
			folders = []string{"kit/settings", "services/identification.go"}
		}
		for callee, rpcs := range callees {
			for _, rpc := range rpcs {
				service, method, _ := strings.Cut(rpc, "/")
				client := fmt.Sprintf(`%sv1connect\.New%sClient\(|%[1]sv1connect\.%[2]sClient\b`, callee, service)
				call := fmt.Sprintf(`\.%s\((ctx|authz\.WithCaller\(ctx)\b`, method)
				if !inOnePackage(t, folders, client, call) {
					t.Errorf("callers.yaml lists %s of %s for %s, whose code in %v does not call it", rpc, callee, account, folders)
				}
				n++
			}
		}
	}
	if n < 15 {
		t.Errorf("%d RPCs are listed", n)
	}
	t.Logf("row 6, used: each of %d listed RPCs is called by its caller's code", n)
}

// inOnePackage reports whether a package in one of the folders, tests aside, has something that
// matches each of the expressions.
func inOnePackage(t *testing.T, folders []string, expressions ...string) bool {
	t.Helper()
	packages := map[string]string{}
	for _, folder := range folders {
		if err := filepath.WalkDir(filepath.Join(root(t), folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path) //nolint:gosec // a file of the tree
			packages[filepath.Dir(path)] += string(text)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range packages {
		if !slices.ContainsFunc(expressions, func(e string) bool { return !regexp.MustCompile(e).MatchString(text) }) {
			return true
		}
	}
	return false
}

// imageOfDriver is the driver's image.
func imageOfDriver(t *testing.T) string {
	t.Helper()
	return kubectl(t, "-n", "shop-test", "get", "deployment", "outside", "-o", "jsonpath={.spec.template.spec.containers[0].image}")
}

// proceduresByService are all RPCs of the API's ports.
func proceduresByService() map[string][]string {
	all := map[string][]string{}
	for _, method := range contracts.RPCs() {
		service := strings.Split(string(method.FullName()), ".")[1]
		if service != "operations" {
			all[service] = append(all[service], contracts.Procedure(method))
		}
	}
	return all
}

// writtenCalls are what callers.yaml says: by caller and callee, SERVICE/METHOD.
func writtenCalls(t *testing.T) map[string]map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../mesh/istio/callers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var written map[string]map[string][]string
	if err := yaml.Unmarshal(text, &written); err != nil {
		t.Fatal(err)
	}
	return written
}

// listedCalls are the procedures that each account may call.
func listedCalls(t *testing.T) map[string]map[string]bool {
	t.Helper()
	listed := map[string]map[string]bool{"ingress": {}}
	for _, service := range services.Contexts() {
		listed[service] = map[string]bool{}
	}
	for account, callees := range writtenCalls(t) {
		who := []string{account}
		if account == "*" {
			who = services.Contexts()
		}
		for callee, rpcs := range callees {
			for _, rpc := range rpcs {
				for _, name := range who {
					if name != callee {
						listed[name]["/shopmesh."+callee+".v1."+rpc] = true
					}
				}
			}
		}
	}
	for _, method := range contracts.RPCs() {
		if forOutside(method) {
			listed["ingress"][contracts.Procedure(method)] = true
		}
	}
	if len(listed["ingress"]) < 50 || len(slices.Collect(maps.Keys(listed["order"]))) < 5 {
		t.Fatalf("too little is listed: %v", listed)
	}
	return listed
}

// forOutside reports whether somebody else than a service may call an RPC.
func forOutside(method protoreflect.MethodDescriptor) bool {
	option, _ := proto.GetExtension(method.Options(), optionsv1.E_Authorization).(*optionsv1.Authorization)
	rest := proto.CloneOf(option)
	rest.Service, rest.Services, rest.StepUp, rest.NoApiKey = false, nil, false, false
	return !proto.Equal(rest, &optionsv1.Authorization{})
}

// directHost leads to a service's pods by a host without routes.
const directHost = `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: %[1]s-direct, namespace: shop}
spec:
  hosts: [%[1]s-direct.shop.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 8080, name: grpc, protocol: GRPC}]
  workloadSelector: {labels: {app: %[1]s}}
`

// caller is a pod that calls as a service account.
const caller = `
---
apiVersion: v1
kind: Pod
metadata: {name: caller-%[1]s, namespace: %[2]s, labels: {app: caller}}
spec:
  serviceAccountName: %[3]s
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: driver
      image: %[4]s
      args: [wait]
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`
