package pages

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect/v2"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

var (
	errNotFound = errors.New("there is no such page")
	errMethod   = errors.New("pages are read only")
	errFormOnly = errors.New("forms are sent by POST")
)

// goneError is a product that is no longer sold.
type goneError struct {
	product *catalogv1.Product
	related []*catalogv1.Product
}

func (e *goneError) Error() string { return "the product " + e.product.GetCode() + " is archived" }

// problem answers with a page about why there is none.
func (v *visit) problem(err error) {
	if v.request.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody reads it
	}
	status, key := statusOf(err)
	d := view.ProblemPage{
		Heading: v.texts.Say("error." + key), Text: v.texts.Say("error." + key + "_text"),
		Step: view.Link{Text: v.texts.Say("list.home"), Href: v.url("/")},
	}
	header := v.w.Header()
	switch {
	case status == http.StatusGone:
		gone, _ := errors.AsType[*goneError](err)
		d.Text, d.Related = v.texts.Fill("error.gone_text", "Name", gone.product.GetName()), gone.related
	case status == http.StatusMethodNotAllowed:
		header.Set("Allow", "GET, HEAD")
		if errors.Is(err, errFormOnly) {
			header.Set("Allow", http.MethodPost)
			d.Step = v.again()
		}
	case errors.Is(err, errOrderClosed):
		d.Step = view.Link{Text: v.texts.Say("error.closed_step"), Href: v.url(findPath)}
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		d.Step = v.again()
		if refused, ok := refusal(err); ok && refused.RetryDelay() > 0 {
			header.Set("Retry-After", strconv.Itoa(int((refused.RetryDelay()+time.Second-1)/time.Second)))
		}
	}
	if status >= http.StatusTooManyRequests {
		d.Reference = reference(err)
		v.server.Log.WarnContext(v.request.Context(), "a page could not be shown",
			"path", logged(v.request.URL.Path), "status", status, "reference", d.Reference, "cause", err.Error())
		if status == http.StatusInternalServerError {
			d.Step = v.again()
		}
	}
	p := v.pageAt(cmp.Or(v.formsPage(), v.address()), d.Heading)
	p.Hidden = true
	if err := v.show(status, noStore, view.Problem(p, d)); err != nil {
		http.Error(v.w, d.Heading, status)
	}
}

// again is the same page once more. What was sent by POST is not sent again: its form is on a
// page, with what was typed where the session keeps that.
func (v *visit) again() view.Link {
	if path := v.formsPage(); path != "" {
		if next := v.next(); next != "" {
			path = withQuery(path, url.Values{nextField: {next}})
		}
		return view.Link{Text: v.texts.Say("error.to_form"), Href: v.url(path)}
	}
	return view.Link{Text: v.texts.Say("error.retry"), Href: v.url(v.address())}
}

// formsPage is the page of the form that the visit's address takes; empty where that is a page
// itself.
func (v *visit) formsPage() string {
	if code := v.field("code"); v.path == addPath && view.ValidCode(code) {
		return view.ProductPath(code, "")
	}
	at, args, _ := v.server.find(v.path)
	segments := strings.Split(at.form, "/")
	for i, segment := range segments {
		if segment == "*" {
			segments[i], args = args[0], args[1:]
		}
	}
	return strings.Join(segments, "/")
}

// statusOf returns the status of a page about an error, and the name of its texts. Each id is
// written out where the texts are checked: error.not_found, error.gone, error.too_many,
// error.method, error.away, error.failed, error.closed, error.form, error.unbuilt.
func statusOf(err error) (int, string) {
	if _, gone := errors.AsType[*goneError](err); gone {
		return http.StatusGone, "gone"
	}
	switch {
	case errors.Is(err, errNotFound):
		return http.StatusNotFound, "not_found"
	case errors.Is(err, errOrderClosed):
		return http.StatusNotFound, "closed"
	case errors.Is(err, errUnbuilt):
		return http.StatusNotFound, "unbuilt"
	case errors.Is(err, errForm):
		return http.StatusBadRequest, "form"
	case errors.Is(err, errMethod), errors.Is(err, errFormOnly):
		return http.StatusMethodNotAllowed, "method"
	}
	refused, ok := refusal(err)
	switch {
	case !ok && (errors.Is(err, context.DeadlineExceeded) || away(err)):
		return http.StatusServiceUnavailable, "away"
	case !ok:
		return http.StatusInternalServerError, "failed"
	case refused.Kind() == fault.NotFound:
		return http.StatusNotFound, "not_found"
	case refused.Reason() == fault.ReasonRateLimited:
		return http.StatusTooManyRequests, "too_many"
	case refused.Kind() == fault.Exhausted, refused.Kind() == fault.Unavailable, refused.Kind() == fault.DeadlineExceeded:
		return http.StatusServiceUnavailable, "away"
	default:
		return http.StatusInternalServerError, "failed"
	}
}

// refusal returns the fault that an error is, or that a peer answered.
func refusal(err error) (*fault.Error, bool) {
	if refused, ok := fault.Of(err); ok {
		return refused, true
	}
	return peer.Fault(err)
}

// reasonOf returns why a peer refused a call; empty when it did not.
func reasonOf(err error) fault.Reason {
	refused, _ := refusal(err)
	if refused == nil {
		return ""
	}
	return refused.Reason()
}

// away reports whether a call did not reach its peer.
func away(err error) bool {
	code := connect.CodeOf(err)
	return code == connect.CodeUnavailable || code == connect.CodeDeadlineExceeded
}

// reference is what finds the cause in a log: the one that the failed context gave, or a new
// one.
func reference(err error) string {
	if refused, ok := refusal(err); ok {
		if given := refused.Metadata()["reference"]; given != "" {
			return given
		}
	}
	return rand.Text()[:13]
}
