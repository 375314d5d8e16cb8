package app_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// An address that other machines reach is refused without a certificate and without
// proxies that are named, on each of the two ports, with one sentence that names all ways
// out. With either, and on loopback, it is taken.
func TestAnAddressInTheClearIsRefused(t *testing.T) {
	t.Parallel()
	issuer, dir := testkit.NewServer(t), t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	issuer.Write(cert, key)
	encrypted := []string{"SHOPMESH_TLS_CERT=" + cert, "SHOPMESH_TLS_KEY=" + key}
	proxied := []string{"SHOPMESH_TRUSTED_PROXIES=10.0.0.0/8"}
	for _, variable := range []string{"SHOPMESH_LISTEN", "SHOPMESH_INTERNAL_LISTEN"} {
		for address, open := range map[string]bool{
			"0.0.0.0:0": true, ":8080": true, "[::]:80": true, "192.0.2.1:80": true, "shop.example:443": true,
			"127.0.0.1:0": false, "127.8.8.8:80": false, "[::1]:80": false, "localhost:80": false,
		} {
			_, err := readEdge(t, variable+"="+address)
			if !open && err != nil {
				t.Errorf("%s=%s: %v", variable, address, err)
			}
			if open && (err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), variable) || !strings.Contains(err.Error(), "SHOPMESH_TLS_CERT") ||
				!strings.Contains(err.Error(), "SHOPMESH_TRUSTED_PROXIES") || !strings.Contains(err.Error(), "127.0.0.1")) {
				t.Errorf("%s=%s: %v", variable, address, err)
			}
			for name, more := range map[string][]string{"encrypted": encrypted, "behind a proxy": proxied} {
				if _, err := readEdge(t, append(more, variable+"="+address)...); err != nil {
					t.Errorf("%s=%s, %s: %v", variable, address, name, err)
				}
			}
		}
	}
}

// What is wrong with the edge stops the start with a sentence.
func TestAWrongEdgeStopsTheStart(t *testing.T) {
	t.Parallel()
	issuer, dir := testkit.NewServer(t), t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	issuer.Write(cert, key)
	for name, row := range map[string]struct {
		environ []string
		want    string
	}{
		"a certificate without its key": {[]string{"SHOPMESH_TLS_CERT=" + cert}, "SHOPMESH_TLS_KEY"},
		"a key without its certificate": {[]string{"SHOPMESH_TLS_KEY=" + key}, "SHOPMESH_TLS_CERT"},
		"no such file":                  {[]string{"SHOPMESH_TLS_CERT=/nowhere", "SHOPMESH_TLS_KEY=" + key}, "/nowhere"},
		"everybody as a proxy":          {[]string{"SHOPMESH_TRUSTED_PROXIES=::/0"}, "SHOPMESH_TRUSTED_PROXIES"},
	} {
		if _, err := readEdge(t, row.environ...); err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// readEdge reads an environment that is good but for the edge.
func readEdge(t *testing.T, environ ...string) (app.Edge, error) {
	t.Helper()
	env, err := app.ReadEnvironment(app.Program{Name: "parcel"}, append([]string{"SHOPMESH_DATABASE_URL=postgres://x@db/x", "SHOPMESH_KAFKA_BROKERS=k:1"}, environ...))
	return env.Process.Edge, err
}

// With a certificate both ports speak TLS alone, and report a certificate that is not good
// any more while they go on.
func TestBothPortsSpeakTLS(t *testing.T) {
	t.Parallel()
	issuer, dir := testkit.NewServer(t), t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	issuer.Write(cert, key)
	edge, err := readEdge(t, "SHOPMESH_TLS_CERT="+cert, "SHOPMESH_TLS_KEY="+key)
	if err != nil {
		t.Fatal(err)
	}
	process := serve(t, app.Process{Name: "parcel", Edge: edge})
	pem, err := os.ReadFile(issuer.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}}
	for name, url := range map[string]string{"API": process.API + "/v1/none", "internal": process.Internal + "/readyz"} {
		if !strings.HasPrefix(url, "https://127.0.0.1:") {
			t.Errorf("the %s port is at %s", name, url)
		}
		res, err := client.Get(url) //nolint:noctx // answered at once
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = res.Body.Close()
		if res.Header.Get("Strict-Transport-Security") == "" || res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, res.Header)
		}
	}
	if err := os.WriteFile(cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "/readyz shows the broken certificate", func() bool {
		res, err := client.Get(process.Internal + "/readyz") //nolint:noctx // answered at once
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body := make([]byte, 4096)
		n, _ := res.Body.Read(body)
		return res.StatusCode == http.StatusOK && strings.Contains(string(body[:n]), "the one before is still used")
	})
}

// What is for operators is not there on the API's port, whoever calls: metrics, profiles,
// probes, the inbox, dead letters and reflection. On the internal port it is.
func TestOperatorsEndpointsAreNotOnThePublicPort(t *testing.T) {
	t.Parallel()
	process := serve(t, app.Process{Name: "parcel"})
	send := func(method, url, contentType, body string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	const operations = "/shopmesh.operations.v1.OperationsService/"
	for _, row := range []struct{ method, path, contentType string }{
		{"GET", "/metrics", ""}, {"GET", "/debug/pprof/", ""}, {"GET", "/debug/pprof/heap", ""}, {"GET", "/debug/pprof/cmdline", ""},
		{"GET", "/livez", ""}, {"GET", "/readyz", ""}, {"GET", "/inbox", ""}, {"GET", "/inbox.json", ""}, {"GET", "/v1/operations/status", ""},
		{"GET", "/operations", ""}, {"GET", "/operations/operations.js", ""},
		{"POST", operations + "ListDeadLetters", "application/json"}, {"POST", operations + "RedriveDeadLetters", "application/json"},
		{"POST", operations + "DiscardDeadLetters", "application/json"},
	} {
		if res := send(row.method, process.API+row.path, row.contentType, "{}"); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s on the API's port: %d", row.method, row.path, res.StatusCode)
		}
		if !strings.HasPrefix(row.path, "/inbox") { // a shop in one process has it
			if res := send(row.method, process.Internal+row.path, row.contentType, "{}"); res.StatusCode == http.StatusNotFound {
				t.Errorf("%s %s is not on the internal port either: the test proves nothing", row.method, row.path)
			}
		}
	}
	for _, path := range []string{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", operations + "GetStatus", operations + "Audit"} {
		if res := send("POST", process.API+path, "application/grpc-web", "\x00\x00\x00\x00\x00"); res.Header.Get("Grpc-Status") != "12" {
			t.Errorf("%s on the API's port by gRPC-Web: %d %v", path, res.StatusCode, res.Header)
		}
	}
	for _, url := range []string{process.API, process.Internal} {
		if res := send("TRACE", url+"/", "", ""); res.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("TRACE: %d", res.StatusCode)
		}
	}
}
