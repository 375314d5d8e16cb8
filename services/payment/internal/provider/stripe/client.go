package stripe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	stripego "github.com/stripe/stripe-go/v84"
)

const (
	// callTimeout bounds a call that nobody else bounds, such as an audit's.
	callTimeout = time.Minute
	// maxAnswer bounds what is read of an answer: a page of a hundred is a tenth of it.
	maxAnswer = 4 << 20
	// silence is how long nothing may come on a connection before a ping is sent,
	// and how long its answer may take.
	silence = 10 * time.Second
	// maxIdle keeps connections for about as many requests as are under way at a time.
	maxIdle = 256
)

var errRedirected = errors.New("stripe answered with another address, which is not followed")

// newHTTPClient makes a client that follows no redirect: the key and the order would
// go to whoever is named.
func newHTTPClient() *http.Client {
	// The default transport is net/http's own, and nothing replaces it.
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // see above
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = maxIdle, maxIdle
	// Otherwise one connection on which nothing arrives takes every request with it.
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: silence}
	return &http.Client{
		Transport: hardened{transport}, Timeout: callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// hardened is the transport of every request and answer.
type hardened struct{ next http.RoundTripper }

// RoundTrip removes the header with which the library describes this machine, and
// refuses redirects.
func (d hardened) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("X-Stripe-Client-User-Agent")
	res, err := d.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < 200 || (res.StatusCode >= 300 && res.StatusCode < 400) {
		_ = res.Body.Close()
		return nil, errRedirected
	}
	res.Body = bounded{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

type bounded struct {
	io.Reader
	io.Closer
}

// asAPIError is Stripe's own answer that something is wrong; nil when err is none.
func asAPIError(err error) *stripego.Error {
	var e *stripego.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// apiFailure wraps an error without what it may quote: the library's texts hold whole
// answers, and those a card's last digits or a secret.
func apiFailure(doing string, err error) error {
	if e := asAPIError(err); e != nil {
		return fmt.Errorf("stripe: %s: answered %d %s %s (request %s)", doing, e.HTTPStatusCode, e.Type, e.Code, e.RequestID)
	}
	for _, plain := range []error{context.DeadlineExceeded, context.Canceled, errRedirected, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, plain) {
			return fmt.Errorf("stripe: %s: %w", doing, plain)
		}
	}
	var broken interface{ Timeout() bool } // *url.Error names the address, which holds no secret
	if errors.As(err, &broken) {
		return fmt.Errorf("stripe: %s: %w", doing, err)
	}
	return fmt.Errorf("stripe: %s: the answer can't be read", doing)
}

// refused reports that the request itself was wrong, so that nothing was done: it would
// be refused again. Nothing is known of the others: 401 and 403 are about our key,
// 409 about another request with the same key, 429 about too many.
func refused(err error) *stripego.Error {
	e := asAPIError(err)
	if e == nil || e.Type == stripego.ErrorTypeIdempotency {
		return nil
	}
	switch e.HTTPStatusCode {
	case http.StatusBadRequest, http.StatusPaymentRequired, http.StatusNotFound:
		return e
	}
	return nil
}

// keyReused reports that a key came before with other parameters.
func keyReused(err error) bool {
	e := asAPIError(err)
	return e != nil && e.HTTPStatusCode == http.StatusBadRequest && e.Type == stripego.ErrorTypeIdempotency
}

// finalFailure reports that Stripe failed and will give the same answer to this key
// for as long as it keeps it.
func finalFailure(err error) bool {
	e := asAPIError(err)
	return e != nil && e.HTTPStatusCode >= 500 && e.LastResponse != nil && e.LastResponse.Header.Get("Idempotent-Replayed") == "true"
}

// codeOf is a short reason for people.
func codeOf(e *stripego.Error) string {
	switch {
	case e.DeclineCode != "" && e.DeclineCode != stripego.DeclineCodeGenericDecline:
		return string(e.DeclineCode)
	case e.Code != "":
		return string(e.Code)
	case e.Type != "":
		return string(e.Type)
	default:
		return fmt.Sprintf("http_%d", e.HTTPStatusCode)
	}
}
