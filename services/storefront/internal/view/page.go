// Package view is how pages look: components that are typed functions, written in templ.
// `make generate` makes *_templ.go of the *.templ files.
package view

import (
	"strings"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
)

// MaxQuery is how many characters of a search are used. The contract bounds the filter that they
// are quoted in.
const MaxQuery = 200

// Page is what all pages have.
type Page struct {
	// Texts are those of the page's language.
	Texts *messages.Texts
	// Standard is the language of addresses that name none.
	Standard string
	// Title is the page's own, before the shop's name.
	Title string
	// Description is for search engines; empty for none.
	Description string
	// Path is the page's address without its language and host, with its query.
	Path string
	// PublicURL is where the shop is reached, without a path; empty when that is not known.
	PublicURL string
	// Things is how many things are in the visitor's cart.
	Things int
	// Cart names what is in the visitor's cart, as the page shows it; empty for none that was
	// seen. A form that puts something in carries it, so that the same form adds once.
	Cart string
	// Customer is the id of the one who signed in; empty for a guest.
	Customer string
	// Query is what was searched for.
	Query string
	// Shop is the same on each page.
	Shop Shop
	// Languages are those that the page is offered in.
	Languages []Language
	// Links are the addresses of what it loads.
	Links Links
	// Data is what machines read of the page (JSON-LD); empty for none.
	Data string
	// Hidden keeps search engines away.
	Hidden bool
}

// Shop is what the owner set for all pages.
type Shop struct {
	Name, Accent string
	// Announcement stands above every page, in the language AnnouncedIn; empty for none.
	Announcement, AnnouncedIn string
	Legal                     []Link
}

// Link is a text that leads somewhere.
type Link struct{ Text, Href string }

// Language is one that a page is offered in.
type Language struct {
	// Tag is such as "de", and Name the language's name in itself.
	Tag, Name string
	// Href is the page's path in it.
	Href string
}

// Links are the addresses of what pages load.
type Links struct{ Style, Script, Motifs, Icon string }

// URL returns a path of the shop in the page's language.
func (p Page) URL(path string) string { return InLanguage(p.Texts.Language(), p.Standard, path) }

// public returns the whole address of a path, for search engines: what they may list has no query,
// which others add to count their visitors.
func (p Page) public(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return p.PublicURL + path
}

// Say returns a text of the page's language.
func (p Page) Say(id string) string { return p.Texts.Say(id) }

// InLanguage returns a path of the shop in a language: the standard one has no prefix.
func InLanguage(language, standard, path string) string {
	switch {
	case language == standard:
		return path
	case path == "/":
		return "/" + language
	default:
		return "/" + language + path
	}
}
