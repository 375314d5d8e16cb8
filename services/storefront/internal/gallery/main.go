// Command gallery serves each component of the shop's pages in each of its states, for whoever
// works on them: light, dark, from right to left, and with large text.
package main

import (
	"flag"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"os"
	"slices"

	"github.com/shopmesh/shopmesh/services/storefront/internal/assets"
	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
	"github.com/shopmesh/shopmesh/web"
)

// mode is a way to look at all components.
type mode struct{ name, language, style string }

func modes() []mode {
	return []mode{
		{"light", "en", "color-scheme: light"},
		{"dark", "en", "color-scheme: dark"},
		{"rtl", "ar", "color-scheme: light"},
		{"large", "de", "color-scheme: light; font-size: 140%"}, // German is the longest
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "the `address` to serve on")
	flag.Parse()
	gallery, err := open()
	if err == nil {
		fmt.Fprintf(os.Stderr, "the gallery is on http://%s/light\n", *listen)
		err = http.ListenAndServe(*listen, gallery) //nolint:gosec // for whoever started it, on loopback
	}
	slog.Error("the gallery ended", "cause", err)
	os.Exit(1)
}

// gallery is an http.Handler.
type gallery struct {
	assets *assets.Assets
	texts  *messages.Catalog
}

func open() (*gallery, error) {
	loaded, err := assets.Load(web.Files())
	if err != nil {
		return nil, err
	}
	texts, err := messages.Load(web.Files())
	return &gallery{loaded, texts}, err
}

// ServeHTTP implements http.Handler.
func (g *gallery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.assets.ServeHTTP(w, r) {
		return
	}
	at := slices.IndexFunc(modes(), func(m mode) bool { return "/"+m.name == r.URL.Path })
	if at < 0 {
		http.Redirect(w, r, "/light", http.StatusSeeOther)
		return
	}
	g.show(w, r, modes()[at])
}

func (g *gallery) show(w http.ResponseWriter, r *http.Request, m mode) {
	texts := g.texts.In(m.language)
	p := view.Page{
		Texts: texts, Standard: messages.Default, Path: "/", Things: 2,
		Shop:  view.Shop{Name: "Shopmesh", Announcement: "We are away in August.", Accent: "blue", Legal: []view.Link{{Text: "Imprint", Href: "#"}}},
		Links: view.Links{Style: g.assets.Href("shop.css"), Script: g.assets.Href("enhance.js"), Motifs: g.assets.Href("motifs.svg"), Icon: g.assets.Href("icon.svg")},
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, `<!DOCTYPE html><html lang="%s" dir="%s" style="%s"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Gallery, %s</title><link rel="stylesheet" href="%s"><body><main><h1>Components, %s</h1><nav aria-label="Modes"><ul class="categories">`,
		texts.Language(), texts.Dir(), m.style, m.name, p.Links.Style, m.name)
	for _, other := range modes() {
		_, _ = fmt.Fprintf(w, `<li><a href="/%s">%s</a></li>`, other.name, other.name)
	}
	_, _ = fmt.Fprint(w, `</ul></nav>`)
	for _, shown := range components(p) {
		_, _ = fmt.Fprintf(w, `<section class="stack"><h2>%s</h2>`, html.EscapeString(shown.name))
		for _, in := range shown.states {
			_, _ = fmt.Fprintf(w, `<div class="stack"><h3 class="soft">%s</h3>`, html.EscapeString(in.name))
			if err := in.component.Render(r.Context(), w); err != nil {
				slog.Error("a component was not rendered", "component", shown.name, "state", in.name, "cause", err)
			}
			_, _ = fmt.Fprint(w, `</div>`)
		}
		_, _ = fmt.Fprint(w, `</section>`)
	}
	_, _ = fmt.Fprint(w, `</main></body></html>`)
}
