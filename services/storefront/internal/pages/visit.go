package pages

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// visit is a request for a page, in a language.
type visit struct {
	server  *Server
	w       http.ResponseWriter
	request *http.Request
	texts   *messages.Texts
	set     Settings
	// path is the escaped path without the language.
	path string
	// redundant is whether the path names the language that it has anyway.
	redundant bool
	// args are the segments that vary in the page's route, escaped.
	args []string
}

func (s *Server) visitOf(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{server: s, w: w, request: asVisitor(r), set: s.Settings.Now(), path: r.URL.EscapedPath()}
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
		Shop:  view.Shop{Name: v.set.ShopName, Announcement: v.set.Announcement, Accent: v.set.Accent, Legal: v.legal()},
		Links: view.Links{Style: s.Assets.Href("shop.css"), Motifs: s.Assets.Href("motifs.svg"), Icon: s.Assets.Href("icon.svg")},
	}
	for _, language := range messages.Offered() {
		p.Languages = append(p.Languages, view.Language{
			Tag: language, Name: s.Texts.In(language).Say("language"), Href: view.InLanguage(language, path),
		})
	}
	return p
}

func (v *visit) legal() []view.Link {
	var links []view.Link
	add := func(text, href string) {
		if href != "" {
			links = append(links, view.Link{Text: text, Href: href})
		}
	}
	legal := v.set.Legal
	add(v.texts.Say("legal.imprint"), legal.Imprint)
	add(v.texts.Say("legal.terms"), legal.Terms)
	add(v.texts.Say("legal.privacy"), legal.Privacy)
	add(v.texts.Say("legal.withdrawal"), legal.Withdrawal)
	return links
}
