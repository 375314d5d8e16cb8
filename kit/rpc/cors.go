package rpc

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	connectcors "connectrpc.com/cors"
	"github.com/rs/cors"
)

// Origins are the other sites whose pages may call the API in a browser, such as
// "https://shop.example". They call without credentials: no cookie of a visitor is taken
// from them, so that they can do what a program anywhere can, and no more. They can be
// replaced while requests are served.
type Origins struct{ now atomic.Pointer[origins] }

type origins struct {
	list       []string
	protection *http.CrossOriginProtection
	answers    *cors.Cors // nil for an empty list, which cors takes for everybody
}

// NewOrigins returns the origins of a list, which grammar.Origin takes.
func NewOrigins(list ...string) (*Origins, error) {
	o := &Origins{}
	return o, o.Set(list)
}

// Set replaces the origins, or returns an error and leaves them.
func (o *Origins) Set(list []string) error {
	set := &origins{list: list, protection: http.NewCrossOriginProtection()}
	for _, origin := range list {
		if err := set.protection.AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("let pages of %s in: %w", origin, err)
		}
	}
	if len(list) > 0 {
		set.answers = cors.New(cors.Options{
			AllowedOrigins: list,
			AllowedMethods: append(connectcors.AllowedMethods(), http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete),
			AllowedHeaders: append(connectcors.AllowedHeaders(), "Authorization", "Traceparent", "Tracestate", "X-Request-Id"),
			ExposedHeaders: append(connectcors.ExposedHeaders(), "RateLimit", "RateLimit-Policy", "Retry-After"),
			MaxAge:         corsMaxAge,
		})
	}
	o.now.Store(set)
	return nil
}

// corsMaxAge is for how many seconds a browser may keep what it was allowed.
const corsMaxAge = 7200

// allow lets the pages of these origins read the answers of a handler (CORS), and answers
// the preflight requests by which browsers find that out.
func (o *Origins) allow(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set := o.now.Load()
		if set.answers == nil {
			next.ServeHTTP(w, r)
			return
		}
		set.answers.ServeHTTP(w, r, func(w http.ResponseWriter, r *http.Request) {
			if slices.Contains(set.list, r.Header.Get("Origin")) && !ownPage(r) {
				r.Header.Del("Cookie")
			}
			next.ServeHTTP(w, r)
		})
	})
}

// ownPage reports whether a request comes from a page of the very site that it is for.
func ownPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host == r.Host
}

// preflight reports whether a request is one by which a browser finds out whether a page
// may make another.
func (o *Origins) preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" && o.now.Load().answers != nil
}
