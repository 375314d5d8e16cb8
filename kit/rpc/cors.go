package rpc

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	connectcors "connectrpc.com/cors"
	"github.com/rs/cors"
)

// Origins are the other sites whose pages may call the API in a browser, such as
// "https://shop.example". They call without credentials: no cookie of a visitor is taken
// from them, so that they can do what a program anywhere can, and no more.
type Origins []string

// ParseOrigins reads origins, separated by commas.
func ParseOrigins(text string) (Origins, error) {
	var origins Origins
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		parsed, err := url.Parse(part)
		if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" ||
			part != parsed.Scheme+"://"+parsed.Host || strings.ContainsAny(part, "*\"") || strings.ToLower(part) != part {
			return nil, fmt.Errorf("%q is no origin: write scheme and host as a browser does, such as https://shop.example or http://localhost:5173", part)
		}
		if port := parsed.Port(); port == map[string]string{"http": "80", "https": "443"}[parsed.Scheme] {
			return nil, fmt.Errorf("%q names its usual port, which browsers leave out: write %s://%s", part, parsed.Scheme, strings.TrimSuffix(parsed.Host, ":"+port))
		}
		origins = append(origins, part)
	}
	return origins, nil
}

// corsMaxAge is for how many seconds a browser need not ask again.
const corsMaxAge = 7200

// allow lets the pages of these origins read the answers of a handler (CORS), and answers
// the requests by which browsers ask for that.
func (o Origins) allow(next http.Handler) http.Handler {
	if len(o) == 0 {
		return next // cors takes an empty list for everybody
	}
	answers := cors.New(cors.Options{
		AllowedOrigins: o,
		AllowedMethods: append(connectcors.AllowedMethods(), http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete),
		AllowedHeaders: append(connectcors.AllowedHeaders(), "Authorization", "Traceparent", "Tracestate", "X-Request-Id"),
		ExposedHeaders: append(connectcors.ExposedHeaders(), "RateLimit", "RateLimit-Policy", "Retry-After"),
		MaxAge:         corsMaxAge,
	})
	return answers.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.lists(r) && !ownPage(r) {
			r.Header.Del("Cookie")
		}
		next.ServeHTTP(w, r)
	}))
}

func (o Origins) lists(r *http.Request) bool { return slices.Contains(o, r.Header.Get("Origin")) }

// ownPage reports whether a request comes from a page of the very site that it is for.
func ownPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host == r.Host
}

// preflight reports whether a browser asks by a request whether a page may make another.
func (o Origins) preflight(r *http.Request) bool {
	return len(o) > 0 && r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}
