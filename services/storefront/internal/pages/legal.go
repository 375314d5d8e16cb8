package pages

import (
	"net/http"

	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// legalPath begins the addresses of the legal texts.
const legalPath = "/legal/"

// LegalTexts are the shop's legal texts in a language, by their kind, as the address names it.
type LegalTexts map[string]string

// legalKind is a kind of legal text: its name, and where it is when it is kept elsewhere.
type legalKind struct{ kind, name, elsewhere string }

// legalKinds are in the order in which the foot of each page links to them.
func (v *visit) legalKinds() []legalKind {
	legal := v.set.Legal
	return []legalKind{
		{"imprint", v.texts.Say("legal.imprint"), legal.Imprint},
		{"terms", v.texts.Say("legal.terms"), legal.Terms},
		{"privacy", v.texts.Say("legal.privacy"), legal.Privacy},
		{"withdrawal", v.texts.Say("legal.withdrawal"), legal.Withdrawal},
		{"shipping", v.texts.Say("legal.shipping"), ""},
	}
}

// legalText returns a legal text and its language: the page's, else the first offered that has
// it; empty for none.
func (o OwnSettings) legalText(language, kind string) (text, in string) {
	for _, in := range append([]string{language}, o.Languages...) {
		if text := o.LegalTexts[in][kind]; text != "" {
			return text, in
		}
	}
	return "", ""
}

// imprint returns who runs the shop, a line for each part, and the language that it is in: the
// first section of the imprint, or where one is that is kept elsewhere. It has no lines where
// nobody set one.
func (v *visit) imprint(language string) (lines []string, in string) {
	text, in := v.own.legalText(language, "imprint")
	if elsewhere := v.set.Legal.Imprint; text == "" && elsewhere != "" {
		return []string{elsewhere}, ""
	}
	return view.FirstSection(text), in
}

// legalText is the page of a legal text.
func (s *Server) legalText(v *visit) error {
	for _, at := range v.legalKinds() {
		if at.kind != v.arg(0) {
			continue
		}
		text, in := v.own.legalText(v.texts.Language(), at.kind)
		if text == "" {
			return errNotFound
		}
		d := view.LegalPage{Heading: at.name, Blocks: view.ReadLegal(text)}
		if in != v.texts.Language() {
			d.Language = in
		}
		return v.show(http.StatusOK, revalidate, view.Legal(v.page(at.name), d))
	}
	return errNotFound
}

// legal are the links to the legal texts: to those of the shop's own pages first.
func (v *visit) legal() []view.Link {
	var links []view.Link
	for _, at := range v.legalKinds() {
		href := at.elsewhere
		if text, _ := v.own.legalText(v.texts.Language(), at.kind); text != "" {
			href = v.url(legalPath + at.kind)
		}
		if href != "" {
			links = append(links, view.Link{Text: at.name, Href: href})
		}
	}
	return links
}
