package rpc_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// A page of another site can't act here, whatever it sends.
func TestForeignPagesAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{status: func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		t.Error("it was called")
		return nil, nil
	}})
	for _, headers := range [][]string{
		{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site", "Origin", "null"},
	} {
		// A page's form sends the last three, for which no browser asks beforehand.
		for _, contentType := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"} {
			for _, path := range []string{statusPath, redriveREST} {
				got := s.send(t, http1(t), "POST", path, contentType, strings.NewReader("{}"), headers...)
				if got.status != http.StatusForbidden || !strings.Contains(string(got.body), "another site") || got.header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s as %s with %q: %d %s", path, contentType, headers, got.status, got.body)
				}
			}
		}
		got := s.send(t, http1(t), "POST", statusPath, "application/grpc-web+proto", strings.NewReader("\x00\x00\x00\x00\x00"), headers...)
		if got.header.Get("Grpc-Status") != "7" {
			t.Errorf("gRPC-Web with %q: %v", headers, got.header)
		}
	}
}

func TestOurOwnPagesAreLetIn(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	for _, headers := range [][]string{{"Sec-Fetch-Site", "same-origin", "Origin", s.url}, {"Origin", s.url}, {"Sec-Fetch-Site", "none"}} {
		if got := s.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader("{}"), headers...); got.status != http.StatusOK {
			t.Errorf("%q: %d %s", headers, got.status, got.body)
		}
	}
}

// A name that was made to point at this machine does not open it.
func TestALocalServerAnswersForThisMachineAlone(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.LocalOnly = true })
	for host, want := range map[string]int{
		"evil.example": 403, "evil.example:8080": 403, "127.0.0.1.evil.example": 403, "10.0.0.1": 403,
		"localhost.evil.example": 403, "evillocalhost": 403, "shopmesh.localhost": 200, "shopmesh.localhost:8080": 200, "Shop.Localhost:1": 200,
		"localhost": 200, "LOCALHOST:1": 200, "127.0.0.1:80": 200, "[::1]:80": 200,
	} {
		for _, path := range []string{statusPath, "/v1/operations/status"} {
			method := "GET"
			if path == statusPath {
				method = "POST"
			}
			req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			req.Host = host
			req.Header.Set("Content-Type", "application/json")
			res, err := http1(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s for %s: %d, want %d", path, host, res.StatusCode, want)
			}
		}
	}
}
