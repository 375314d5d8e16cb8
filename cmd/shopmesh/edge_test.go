package main

import (
	"net/http"
	"strings"
	"testing"
)

// A shop bounds how often one client may call, by default, and behind a trusted proxy for
// each client that the proxy names.
func TestUpLimitsEachClient(t *testing.T) {
	t.Parallel()
	shop := up(t, tempDir(t), "--rate-limits", "reads=2/h", "--trusted-proxies", "127.0.0.0/8")
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
	if res := get("127.0.0.1, 192.0.2.1"); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "1800" {
		t.Errorf("the third call of an hour: %d %v", res.StatusCode, res.Header)
	}
}

func TestUpRefusesAWrongEdge(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ flag, value, want string }{
		"a network of everybody": {"--trusted-proxies", "0.0.0.0/0", "is everybody"},
		"a name":                 {"--trusted-proxies", "ingress", `"ingress" is no address or network`},
		"a rate without a unit":  {"--rate-limits", "reads=6000", "6000/min"},
		"an unknown limit":       {"--rate-limits", "writes=1/s", "reads, orders, sign-in and mails"},
	} {
		got := run(t, "up", "--data", tempDir(t), row.flag, row.value)
		if got.code != exitUsage || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, row.flag+": ") || !strings.Contains(got.stderr, row.want) {
			t.Errorf("%s: exit %d, %q", name, got.code, got.stderr)
		}
	}
}
