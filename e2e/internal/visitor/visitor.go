// Package visitor reads the shop's pages as a browser without JavaScript does: it keeps
// cookies, follows what leads on, and sends forms as they stand in a page.
package visitor

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// maxPage is how much of a page is read.
const maxPage = 1 << 20

// Visitor is one browser, with cookies of its own.
type Visitor struct {
	client *http.Client
	base   string
}

// New returns a browser that has opened nothing yet. base is where the pages are.
func New(base string) (*Visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Visitor{&http.Client{Jar: jar}, base}, nil
}

// Page is what a request led to in the end.
type Page struct {
	Status int
	// Path is the page's own, without its query.
	Path string
	Body string
}

// Open gets a page.
func (v *Visitor) Open(ctx context.Context, path string) (Page, error) {
	return v.load(ctx, http.MethodGet, path, nil)
}

// Send sends a form of a page to where the form says.
func (v *Visitor) Send(ctx context.Context, action string, fields url.Values) (Page, error) {
	return v.load(ctx, http.MethodPost, action, fields)
}

func (v *Visitor) load(ctx context.Context, method, path string, fields url.Values) (Page, error) {
	req, err := http.NewRequestWithContext(ctx, method, v.base+path, strings.NewReader(fields.Encode()))
	if err != nil {
		return Page{}, err
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := v.client.Do(req)
	if err != nil {
		return Page{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	return Page{res.StatusCode, res.Request.URL.Path, string(body)}, err
}

// Form returns the fields of the page's form with this address as they are sent where nobody
// types anything.
func (p Page) Form(action string) (url.Values, error) {
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		return nil, err
	}
	for node := range root.Descendants() {
		if node.Data == "form" && attribute(node, "action") == action {
			return fieldsOf(node), nil
		}
	}
	return nil, fmt.Errorf("%s (%d) has no form %s:\n%s", p.Path, p.Status, action, p.Body)
}

// Link returns the address of the first link that begins like this; empty where there is none.
func (p Page) Link(prefix string) string {
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		return ""
	}
	for node := range root.Descendants() {
		if address := attribute(node, "href"); node.Data == "a" && strings.HasPrefix(address, prefix) {
			return address
		}
	}
	return ""
}

func fieldsOf(form *html.Node) url.Values {
	fields := url.Values{}
	for node := range form.Descendants() {
		name := attribute(node, "name")
		switch kind := attribute(node, "type"); {
		case node.Type != html.ElementNode:
		case node.Data == "input" && name != "" && (kind != "radio" && kind != "checkbox" || has(node, "checked")):
			fields.Add(name, attribute(node, "value"))
		case node.Data == "select":
			fields.Set(name, "")
		case node.Data == "option" && has(node, "selected"):
			fields.Set(attribute(chooser(node), "name"), attribute(node, "value"))
		}
	}
	return fields
}

// chooser is the select that an option belongs to, or what is above all where there is none.
func chooser(option *html.Node) *html.Node {
	at := option
	for at.Data != "select" && at.Parent != nil {
		at = at.Parent
	}
	return at
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(node *html.Node, name string) bool {
	for _, a := range node.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
