package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Echoed is what a service behind the ingress is told by a request.
type Echoed struct {
	// Header has the names in small letters; several of one name are joined by commas.
	Header map[string]string `json:"header"`
	// Peer is the address that the connection comes from.
	Peer string `json:"peer"`
	// Calls are how often this request came, by its x-request-id.
	Calls int `json:"calls"`
}

// echo answers each request with what it brought, over HTTP/1 and HTTP/2 in the clear, and with the
// status that ?status= asks for.
func echo(ctx context.Context, args []string) (any, error) {
	var listen string
	if err := parse("echo", args, func(f *flag.FlagSet) {
		f.StringVar(&listen, "listen", ":8080", "where")
	}); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	calls := map[string]int{}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Addr: listen, ReadHeaderTimeout: 5 * time.Second, Protocols: protocols,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get("X-Request-Id")
			mu.Lock()
			calls[id]++
			echoed := Echoed{Header: map[string]string{}, Peer: r.RemoteAddr, Calls: calls[id]}
			mu.Unlock()
			for name, values := range r.Header {
				echoed.Header[strings.ToLower(name)] = strings.Join(values, ",")
			}
			w.Header().Set("Content-Type", "application/json")
			if status, err := strconv.Atoi(r.URL.Query().Get("status")); err == nil {
				w.WriteHeader(status)
			}
			_ = json.NewEncoder(w).Encode(echoed)
		}),
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return nil, err
	}
	return nil, nil
}
