//go:build distributed

package e2e

import (
	"net/http"
	"strings"
)

// hidesWhatIsNoPage proves that storefront, to which an ingress leads all paths that no other
// service has, answers nothing of what is for operators and for services alone.
func (s *distributed) hidesWhatIsNoPage() {
	s.t.Helper()
	for _, path := range []string{
		"/metrics", "/livez", "/readyz", "/debug/pprof/", "/inbox", "/inbox.json", "/v1/operations/status", "/shopmesh.operations.v1.OperationsService/GetStatus",
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/shopmesh.identity.v1.TokenService/MintMailLink", "/shopmesh.order.v1.OrderService/MintOrderLinks",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			req, err := http.NewRequestWithContext(s.t.Context(), method, s.api["storefront"]+path, strings.NewReader("{}"))
			if err != nil {
				s.t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			res, err := s.http().Do(req)
			if err != nil {
				s.t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusNotFound && (method != http.MethodPost || res.StatusCode != http.StatusMethodNotAllowed) {
				s.t.Errorf("%s %s is answered %d by storefront", method, path, res.StatusCode)
			}
		}
	}
}

// limitsVisitors proves that a form lifts no limit of the RPC behind it, where the services limit
// nobody who calls them directly: twenty mails an hour.
func (s *distributed) limitsVisitors() {
	s.t.Helper()
	guest := s.visit()
	find, err := guest.Open(s.t.Context(), "/orders/find")
	if err != nil {
		s.t.Fatal(err)
	}
	for n := 1; n <= 21; n++ {
		sent := s.submit(guest, find, "/orders/link", "number", "AAAA-AAAA", "email", "nobody@example.com")
		if want := n > 20; want != (sent.Status == http.StatusTooManyRequests) {
			s.t.Errorf("form %d is answered %d:\n%s", n, sent.Status, sent.Body)
		}
	}
}
