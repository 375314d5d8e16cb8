package bounds_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// The requests that were found to take gigabytes: 4,100 bytes of gzip with 2,097,142
// empty messages, and 3 MB of JSON.
func TestSmallRequestsThatWereLarge(t *testing.T) { //nolint:paralleltest // it measures the process
	s := openShop(t)
	empties := gzipped(bytes.Repeat([]byte("\n\x00"), 2_097_142))
	objects := []byte(`{"lines":[` + strings.Repeat("{},", 1_000_000) + `{}]}`)
	masks := []byte(`{"product":{"name":"x"},"updateMask":"` + strings.Repeat("name,", 600_000) + `name"}`)
	const quote, place = "/shopmesh.order.v1.OrderService/QuoteOrder", "/shopmesh.order.v1.OrderService/PlaceOrder"
	for _, row := range []struct {
		name, path, contentType, encoding string
		body                              []byte
	}{
		{"QuoteOrder of empties", quote, "application/proto", "gzip", empties},
		{"PlaceOrder of empties", place, "application/proto", "gzip", empties},
		{"BatchGetProducts of empties", "/shopmesh.catalog.v1.ProductService/BatchGetProducts", "application/proto", "gzip", empties},
		{"JSON of empties", quote, "application/json", "identity", objects},
		{"REST of empties", "/v1/orders:quote", "application/json", "identity", objects},
		{"a long mask", "/shopmesh.catalog.v1.ProductService/UpdateProduct", "application/json", "identity", masks},
	} {
		r := request{"HTTP", http.MethodPost, s.API + row.path, row.contentType, []string{"Content-Encoding", row.encoding}, row.body}
		spent, got := s.costOf(t, func() request { return r })
		if !spent.within() || (got.status != http.StatusTooManyRequests && got.status != http.StatusRequestEntityTooLarge) {
			t.Errorf("%s: %d KiB, %v, %s", row.name, spent.bytes>>10, spent.cpu, got)
		}
	}
}

// A verb at the end of a path is no part of an id: other methods than its own are not
// allowed there, whatever body and content type come with them.
func TestAVerbIsNoPartOfAnID(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	for _, row := range []struct{ method, path, allow string }{
		{"GET", "/v1/customers/0190c8f2-7f6e-7c3e-8f37-111111111111:erase", "POST"},
		{"PATCH", "/v1/products/0190c8f2-7f6e-7c3e-8f37-111111111111:archive", "POST"},
		{"GET", "/v1/orders/0190c8f2-7f6e-7c3e-8f37-111111111111:ship", "POST"},
		{"POST", "/v1/orders/0190c8f2-7f6e-7c3e-8f37-111111111111:watch", "GET, HEAD"},
		{"PUT", "/v1/customers/0190c8f2-7f6e-7c3e-8f37-111111111111", "GET, HEAD, PATCH"},
	} {
		if res, _ := s.send(t, row.method, row.path, "x"); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != row.allow {
			t.Errorf("%s %s: %d, Allow %q", row.method, row.path, res.StatusCode, res.Header.Get("Allow"))
		}
	}
}

// A parameter that would be ignored is refused, also where its value is in the path or
// in the body.
func TestParametersThatWouldBeIgnored(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	for _, row := range []struct{ method, path, body, want string }{
		{"GET", "/v1/products?pageSiz=5", "", `"pageSiz\" is not known"`},
		{"GET", "/v1/products/0190c8f2-7f6e-7c3e-8f37-111111111111?id=0190c8f2-7f6e-7c3e-8f37-222222222222", "", "it is in the path"},
		{"POST", "/v1/orders:quote?paymentMethod=sandbox_ok", "{}", "send it in the body"},
		{"PATCH", "/v1/products/0190c8f2-7f6e-7c3e-8f37-111111111111?product.name=x", "{}", "send it in the body"},
		{"GET", "/v1/orders/0190c8f2-7f6e-7c3e-8f37-111111111111:watch?after=5", "", `"after\" is not known"`},
	} {
		res, body := s.send(t, row.method, row.path, row.body)
		if res.StatusCode != http.StatusBadRequest || !strings.Contains(body, strings.Trim(row.want, `"`)) {
			t.Errorf("%s %s: %d %s", row.method, row.path, res.StatusCode, body)
		}
	}
}

// send makes a request of REST, and returns the answer with its body.
func (s *shop) send(t *testing.T, method, path, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.API+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := s.clients.one.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}
