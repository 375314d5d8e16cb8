package pages

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// visit is a request for a page, in a language.
type visit struct {
	server  *Server
	w       http.ResponseWriter
	request *http.Request
	texts   *messages.Texts
	set     Settings
	own     OwnSettings
	// path is the escaped path without the language.
	path string
	// standard is the language of addresses that name none: the first one offered.
	standard string
	// redundant is whether the path ends in a slash that it need not have, and led whether it
	// names the language that it has anyway, or one that is not offered.
	redundant, led bool
	// args are the segments that vary in the page's route, escaped.
	args []string
	// opened is what the visitor's browser has opened, once something needed it.
	opened *session.Session
}

func (s *Server) visitOf(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{server: s, w: w, request: asVisitor(r), set: s.Settings.Now(), own: s.Own.Now(), path: r.URL.EscapedPath()}
	offered := v.own.offered()
	v.standard = offered[0]
	language := v.standard
	first, rest, more := strings.Cut(strings.TrimPrefix(v.path, "/"), "/")
	if slices.Contains(messages.Languages(), first) {
		v.path, v.redundant = "/"+rest, more && rest == ""
		if slices.Contains(offered, first) {
			language = first
		}
		v.led = language == v.standard
	}
	v.texts = s.Texts.In(language)
	return v
}

// offered are the languages that the owner offers, that of addresses that name none first.
func (o OwnSettings) offered() []string {
	if len(o.Languages) == 0 {
		return messages.Languages()
	}
	return o.Languages
}

// url is the address of a path of the shop in the language of the visit.
func (v *visit) url(path string) string {
	return view.InLanguage(v.texts.Language(), v.standard, path)
}

// arg returns a segment that varies, as it was meant; empty where there is none.
func (v *visit) arg(i int) string {
	if i >= len(v.args) {
		return ""
	}
	text, err := url.PathUnescape(v.args[i])
	if err != nil {
		return ""
	}
	return text
}

// as returns a context whose calls show a token of the visitor's.
func (v *visit) as(token string) context.Context { return visitorOf(v.request.Context(), token) }

// address is the page's own, with its query.
func (v *visit) address() string {
	if query := v.request.URL.RawQuery; query != "" {
		return v.path + "?" + query
	}
	return v.path
}

// page returns what all pages have. What the page alone has is set by its handler.
func (v *visit) page(title string) view.Page { return v.pageAt(v.address(), title) }

// pageAt returns what a page at another address than the request's has.
func (v *visit) pageAt(path, title string) view.Page {
	s := v.server
	announcement, in := v.own.announcement(v.texts.Language())
	p := view.Page{
		Texts: v.texts, Standard: v.standard, Title: title, Path: path, PublicURL: s.PublicURL,
		Shop: view.Shop{
			Name: v.set.ShopName, Announcement: announcement, AnnouncedIn: in, Accent: v.own.Accent, Legal: v.legal(),
		},
		Links: view.Links{Style: s.Assets.Href("shop.css"), Script: s.Assets.Href("enhance.js"), Motifs: s.Assets.Href("motifs.svg"), Icon: s.Assets.Href("icon.svg")},
	}
	if opened := v.seen(); opened != nil {
		p.Things, p.Cart = opened.Things, opened.Etag
		if opened.Account != nil {
			p.Customer = opened.Account.Customer
		}
	}
	for _, language := range v.own.offered() {
		p.Languages = append(p.Languages, view.Language{
			Tag: language, Name: s.Texts.In(language).Say("language"), Href: view.InLanguage(language, v.standard, path),
		})
	}
	return p
}

// seen is what the visitor's browser has opened; nil where that can't be read: a page is shown
// all the same.
func (v *visit) seen() *session.Session {
	opened, err := v.session()
	if err != nil {
		v.server.Log.WarnContext(v.request.Context(), "a session could not be read", "cause", err.Error())
		return nil
	}
	return opened
}
