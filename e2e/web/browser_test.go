package web_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/shopmesh/shopmesh/e2e/internal/visitor"
)

// browser is a visitor without JavaScript, who keeps a cookie and sends forms as they stand in
// a page.
type browser struct {
	*shop

	cookie string
}

// open gets a page of the visitor's own, and checks its form and that it holds these texts.
func (b *browser) open(path string, texts ...string) page {
	b.t.Helper()
	p := b.get(path, "Cookie", b.cookie)
	if p.status != http.StatusOK || p.header.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("%s is %d, %s, %s\n%s", path, p.status, p.header.Get("Location"), p.header.Get("Cache-Control"), p.body)
	}
	checkHTML(b.t, path, p.body)
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			b.t.Errorf("%s lacks %q\n%s", path, text, p.body)
		}
	}
	return p
}

// goes gets a page that leads on, and returns where to.
func (b *browser) goes(path string) string {
	b.t.Helper()
	p := b.get(path, "Cookie", b.cookie)
	if p.status != http.StatusSeeOther {
		b.t.Fatalf("%s is %d\n%s", path, p.status, p.body)
	}
	b.take(p.header)
	return p.header.Get("Location")
}

// take keeps the cookie of an answer.
func (b *browser) take(header http.Header) {
	b.t.Helper()
	for _, cookie := range (&http.Response{Header: header}).Cookies() {
		if cookie.Name != "__Host-shop" || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" {
			b.t.Errorf("the cookie is %v", cookie)
		}
		b.cookie = cookie.Name + "=" + cookie.Value
	}
}

// send sends a form as a browser does, and returns where its answer leads. headers are name
// and value in turn.
func (b *browser) send(path string, fields url.Values, headers ...string) (status int, leads string) {
	b.t.Helper()
	answer := b.post(path, fields, headers...)
	return answer.status, answer.header.Get("Location")
}

// post sends a form as a browser does. headers are name and value in turn.
func (b *browser) post(path string, fields url.Values, headers ...string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if b.cookie != "" {
		req.Header.Set("Cookie", b.cookie)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.take(res.Header)
	return page{status: res.StatusCode, header: res.Header, body: string(body), size: len(body)}
}

// fails sends a form that is answered with a page about what went wrong, and returns where that
// leads on.
func (b *browser) fails(path string, fields url.Values, status int, step string) string {
	b.t.Helper()
	answer := b.post(path, fields)
	if answer.status != status {
		b.t.Fatalf("%s is %d, want %d\n%s", path, answer.status, status, answer.body)
	}
	checkHTML(b.t, path, answer.body)
	link := regexp.MustCompile(`href="([^"]+)"[^>]*>` + step).FindStringSubmatch(answer.body)
	if link == nil {
		b.t.Fatalf("%s does not lead on by %q\n%s", path, step, answer.body)
	}
	return html.UnescapeString(link[1])
}

// sends sends a form whose answer has to lead on, and returns where to.
func (b *browser) sends(path string, fields url.Values) string {
	b.t.Helper()
	status, leads := b.send(path, fields)
	if status != http.StatusSeeOther {
		b.t.Fatalf("%s with %v is %d", path, fields, status)
	}
	return leads
}

// formOf returns the fields of a form in a page as they would be sent if nobody typed: the
// first one with this address.
func (b *browser) formOf(p page, action string) url.Values {
	b.t.Helper()
	fields, err := visitor.Page{Status: p.status, Body: p.body}.Form(action)
	if err != nil {
		b.t.Fatal(err)
	}
	return fields
}

// fill types into fields of a form, given as name and value in turn.
func fill(fields url.Values, namesAndValues ...string) url.Values {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		fields.Set(namesAndValues[i], namesAndValues[i+1])
	}
	return fields
}
