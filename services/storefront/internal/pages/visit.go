package pages

import (
	"context"
	"net/http"
	"net/url"
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
	// redundant is whether the path names the language that it has anyway.
	redundant bool
	// args are the segments that vary in the page's route, escaped.
	args []string
	// opened is what the visitor's browser has opened, once something needed it.
	opened *session.Session
}

func (s *Server) visitOf(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{server: s, w: w, request: asVisitor(r), set: s.Settings.Now(), own: s.Own.Now(), path: r.URL.EscapedPath()}
	language := messages.Default
	first, rest, more := strings.Cut(strings.TrimPrefix(v.path, "/"), "/")
	for _, offered := range messages.Offered() {
		if first == offered {
			language, v.path, v.redundant = offered, "/"+rest, offered == messages.Default || more && rest == ""
		}
	}
	v.texts = s.Texts.In(language)
	return v
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
func (v *visit) page(title string) view.Page {
	s, path := v.server, v.address()
	p := view.Page{
		Texts: v.texts, Title: title, Path: path, PublicURL: s.PublicURL,
		Shop:   view.Shop{Name: v.set.ShopName, Announcement: v.own.announcement(v.texts.Language()), Accent: v.own.Accent, Legal: v.legal()},
		Things: v.thingsInCart(),
		Links:  view.Links{Style: s.Assets.Href("shop.css"), Motifs: s.Assets.Href("motifs.svg"), Icon: s.Assets.Href("icon.svg")},
	}
	for _, language := range messages.Offered() {
		p.Languages = append(p.Languages, view.Language{
			Tag: language, Name: s.Texts.In(language).Say("language"), Href: view.InLanguage(language, path),
		})
	}
	return p
}

// thingsInCart is how many things are in the visitor's cart, as it was last seen. A page is
// shown all the same where that can't be read.
func (v *visit) thingsInCart() int {
	opened, err := v.session()
	if err != nil {
		v.server.Log.WarnContext(v.request.Context(), "a session could not be read", "cause", err.Error())
		return 0
	}
	return opened.Things
}
