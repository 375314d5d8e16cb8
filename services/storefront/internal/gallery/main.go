// Command gallery serves each component of the shop's pages and of the office in each of its states,
// for whoever works on them: light, dark, from right to left, and with large text.
package main

import (
	"flag"
	"fmt"
	"html"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"

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
	office := flag.String("office", "web/gallery/built", "the `folder` that the office's gallery was built into")
	flag.Parse()
	gallery, err := open(*office)
	if err == nil {
		fmt.Fprintf(os.Stderr, "the gallery is on http://%s/light\n", *listen)
		if _, missing := fs.Stat(gallery.office, "index.html"); missing == nil {
			fmt.Fprintf(os.Stderr, "the office's is on http://%s/office/light\n", *listen)
		}
		err = http.ListenAndServe(*listen, gallery) //nolint:gosec // for whoever started it, on loopback
	}
	slog.Error("the gallery ended", "cause", err)
	os.Exit(1)
}

// gallery is an http.Handler.
type gallery struct {
	assets *assets.Assets
	texts  *messages.Catalog
	office fs.FS
}

// open makes the gallery, with that of the office in a folder, which need not be there.
func open(office string) (*gallery, error) {
	loaded, err := assets.Load(web.Files())
	if err != nil {
		return nil, err
	}
	texts, err := messages.Load(web.Files())
	return &gallery{loaded, texts, os.DirFS(office)}, err
}

// ServeHTTP implements http.Handler.
func (g *gallery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.assets.ServeHTTP(w, r) {
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/office/"); ok {
		g.showOffice(w, r, name)
		return
	}
	at := slices.IndexFunc(modes(), func(m mode) bool { return "/"+m.name == r.URL.Path })
	if at < 0 {
		http.Redirect(w, r, "/light", http.StatusSeeOther)
		return
	}
	g.show(w, r, modes()[at])
}

// showOffice serves a file of the office's gallery: its page is the same for all modes, and finds its
// own in the address.
func (g *gallery) showOffice(w http.ResponseWriter, r *http.Request, name string) {
	if name == "" {
		http.Redirect(w, r, "/office/light", http.StatusSeeOther)
		return
	}
	if slices.ContainsFunc(modes(), func(m mode) bool { return m.name == name }) {
		page, err := fs.ReadFile(g.office, "index.html")
		if err != nil {
			http.Error(w, "The office's gallery is not built: “make gallery” does so where Node with npm is.", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
		return
	}
	http.ServeFileFS(w, r, g.office, name)
}

// page is what the components know of the page that they are on.
func (g *gallery) page(m mode) view.Page {
	return view.Page{
		Texts: g.texts.In(m.language), Standard: messages.Default, Path: "/", Things: 2,
		Shop:  view.Shop{Name: "Shopmesh", Announcement: "We are away in August.", Accent: "blue", Legal: []view.Link{{Text: "Imprint", Href: "#"}}},
		Links: view.Links{Style: g.assets.Href("shop.css"), Script: g.assets.Href("enhance.js"), Motifs: g.assets.Href("motifs.svg"), Icon: g.assets.Href("icon.svg")},
	}
}

func (g *gallery) show(w http.ResponseWriter, r *http.Request, m mode) {
	texts, p := g.texts.In(m.language), g.page(m)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, `<!DOCTYPE html><html lang="%s" dir="%s" style="%s"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Gallery, %s</title><link rel="stylesheet" href="%s"><body><main><h1>Components, %s</h1><nav aria-label="Modes"><ul class="categories">`,
		texts.Language(), texts.Dir(), m.style, m.name, p.Links.Style, m.name)
	for _, other := range modes() {
		_, _ = fmt.Fprintf(w, `<li><a href="/%s">%s</a></li>`, other.name, other.name)
	}
	_, _ = fmt.Fprintf(w, `<li><a href="/office/%s">the office’s</a></li></ul></nav>`, m.name)
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
