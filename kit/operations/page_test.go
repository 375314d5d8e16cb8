package operations_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/operations"
)

func page(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	server := httptest.NewServer(operations.Page())
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// The page of operators loads nothing but its own files, and its policy lets it.
func TestThePageOfOperatorsHoldsItsFilesAlone(t *testing.T) {
	t.Parallel()
	res, html := page(t, "/operations")
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	policy := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %s", policy, want)
		}
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("it is kept: %q", res.Header.Get("Cache-Control"))
	}
	if strings.Contains(html, "<style") || strings.Contains(html, "onclick") || regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(html) {
		t.Error("something is inline, which the policy forbids")
	}
	for _, match := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if res, _ := page(t, match[1]); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", match[1], res.StatusCode)
		}
	}
	if res, _ := page(t, "/operations/../page.go"); res.StatusCode == http.StatusOK {
		t.Error("it serves what is none of its files")
	}
}

// The page calls what the contract has, and finds the elements that it uses.
func TestThePageOfOperatorsFitsTheContract(t *testing.T) {
	t.Parallel()
	_, html := page(t, "/operations")
	_, script := page(t, "/operations/operations.js")
	service := operationsv1.File_shopmesh_operations_v1_operations_service_proto.Services().ByName("OperationsService")
	calls := regexp.MustCompile(`call\("(\w+)"`).FindAllStringSubmatch(script, -1)
	if len(calls) < 5 {
		t.Errorf("it makes %d calls", len(calls))
	}
	for _, call := range calls {
		found := false
		for i := range service.Methods().Len() {
			found = found || string(service.Methods().Get(i).Name()) == call[1]
		}
		if !found {
			t.Errorf("the contract has no %s", call[1])
		}
	}
	for _, id := range regexp.MustCompile(`element\("([^"]+)"\)`).FindAllStringSubmatch(script, -1) {
		if !strings.Contains(html, `id="`+id[1]+`"`) {
			t.Errorf("the page has no element %s", id[1])
		}
	}
}
