package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A shop bounds how often one client may call, also behind a trusted proxy for
// each client that the proxy names.
func TestUpLimitsEachClient(t *testing.T) {
	t.Parallel()
	shop := up(t, tempDir(t), "--settings", settingsFile(t, `{"edge": {"readsRate": "2/h"}}`), "--trusted-proxies", "127.0.0.0/8", "--public-url", "https://shop.example")
	api := shop.ready(t)
	get := func(from string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api+"/v1/products", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", from)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	for _, client := range []string{"192.0.2.1", "192.0.2.2"} {
		res := get("10.1.1.1, " + client)
		if res.StatusCode != http.StatusOK || res.Header.Get("RateLimit-Policy") != `"reads";q=2;w=3600` || res.Header.Get("RateLimit") == "" {
			t.Errorf("%s: %d %v", client, res.StatusCode, res.Header)
		}
	}
	get("192.0.2.1")
	res := get("127.0.0.1, 192.0.2.1")
	after, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if res.StatusCode != http.StatusTooManyRequests || err != nil || after > 1800 || after < 1500 { // half an hour after the first call
		t.Errorf("the third call of an hour: %d %v", res.StatusCode, res.Header)
	}
}

func settingsFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUpRefusesAWrongEdge(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ flag, value, want string }{
		"a network of everybody": {"--trusted-proxies", "0.0.0.0/0", "is everybody"},
		"a name":                 {"--trusted-proxies", "ingress", `"ingress" is no address or network`},
		"no such certificate":    {"--tls-cert", "/nowhere", "--tls-key go together"},
	} {
		got := run(t, "up", "--data", tempDir(t), row.flag, row.value)
		if got.code != command.ExitUsage || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, row.flag) || !strings.Contains(got.stderr, row.want) {
			t.Errorf("%s: exit %d, %q", name, got.code, got.stderr)
		}
	}
}

// A shop that other machines reach needs a certificate or proxies that are named, on either
// address: else one sentence, exit code 2, and nothing is started.
func TestUpIsNotExposedInTheClear(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--listen", "--internal-listen"} {
		data := filepath.Join(tempDir(t), "data")
		got := run(t, "up", "--data", data, flag, "0.0.0.0:0")
		if got.code != command.ExitUsage || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, "--tls-cert and --tls-key") || !strings.Contains(got.stderr, "--trusted-proxies") {
			t.Errorf("%s: exit %d, %q", flag, got.code, got.stderr)
		}
		if _, err := os.Stat(data); err == nil {
			t.Errorf("%s: something was started", flag)
		}
	}
}

// A shop that others reach needs its URL, or mails would lead them to their own machine.
func TestUpNeedsThePublicURL(t *testing.T) {
	t.Parallel()
	issuer, dir := testkit.NewServer(t), tempDir(t)
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	issuer.Write(cert, key)
	for name, flags := range map[string][]string{
		"behind a proxy":     {"--trusted-proxies", "127.0.0.0/8"},
		"with a certificate": {"--listen", "0.0.0.0:0", "--tls-cert", cert, "--tls-key", key},
	} {
		got := run(t, append([]string{"up", "--data", filepath.Join(dir, "data")}, flags...)...)
		if got.code != command.ExitUsage || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, "--public-url") {
			t.Errorf("%s: exit %d, %q", name, got.code, got.stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Error("something was started")
	}
}

// With a certificate the shop is open to others, its demo is filled in, the line shows
// https, a page of a listed site may call, and its owner may audit it, though this
// machine does not trust who signed the certificate.
func TestUpServesTLS(t *testing.T) {
	t.Parallel()
	issuer, dir := testkit.NewServer(t), tempDir(t)
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	issuer.Write(cert, key)
	shop := up(t, filepath.Join(dir, "data"), "--listen", "0.0.0.0:0", "--tls-cert", cert, "--tls-key", key, "--public-url", "https://shop.example", "--demo",
		"--settings", settingsFile(t, `{"edge": {"corsOrigins": ["https://shop.example"]}}`))
	api, err := url.Parse(shop.ready(t))
	if err != nil || api.Scheme != "https" {
		t.Fatalf("it serves %v: %v", api, err)
	}
	pem, err := os.ReadFile(issuer.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1:"+api.Port()+"/v1/products?pageSize=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://shop.example")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), `"code"`) || res.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("%d %v %s %v", res.StatusCode, res.Header, body, err)
	}
	issuer.Renew()
	issuer.Write(cert, key)
	if got := run(t, "audit", "--data", filepath.Join(dir, "data")); got.code != 0 {
		t.Errorf("the audit ended with %d: %s", got.code, got.stderr)
	}
}
