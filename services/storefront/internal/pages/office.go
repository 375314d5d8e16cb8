package pages

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
)

// officePath begins the addresses of the office, which is one page for all of them: what it
// shows is made in the browser.
const officePath = "/office/"

// invitationPath is where a mailed invitation leads. The token stands after "#", which a
// browser takes along.
const invitationPath = "/accept-invitation"

// errUnbuilt is an office that is not part of this program.
var errUnbuilt = errors.New("the office is not built")

// inOffice reports whether a request is for the office. It has no language in its address:
// whoever works there chooses one.
func inOffice(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, officePath) }

// office answers with the page of the office.
func (s *Server) office(v *visit) error {
	switch {
	case !reads(v.request):
		return errMethod
	case !s.Office.Built():
		return errUnbuilt
	case strings.HasPrefix(v.request.URL.Path, officePath+"assets/"):
		return errNotFound // a file of another build, for which a page would be taken
	}
	nonce := rand.Text()
	body := s.Office.Page(append(v.imprints(), "Nonce", nonce, "Language", v.texts.Language(), "Shop", v.set.ShopName, "Accent", v.own.Accent,
		"TimeZone", v.own.Location.String(), "Currency", v.set.Currency, "Icon", s.Assets.Href("icon.svg"), "NoScript", v.texts.Say("office.no_script"))...)
	v.protect()
	// Styles that the components make while they run need the nonce of this answer. Mails are
	// shown in a frame that has this policy, too, and their styles are attributes.
	v.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'nonce-"+nonce+"'; style-src-attr 'unsafe-inline'; script-src 'self'; "+
		"img-src 'self' https:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types office default")
	v.send(http.StatusOK, noStore, "text/html; charset=utf-8", []byte(body))
	return nil
}

// imprints are the beginning of the shop's imprint for each language, as name and value in turn:
// receipts are in the language of their order, whatever the pages are offered in.
func (v *visit) imprints() []string {
	var values []string
	for _, language := range messages.Languages() {
		lines, in := v.imprint(language)
		values = append(values, "Imprint."+language, strings.Join(lines, "\n"), "Imprint."+language+".Language", in)
	}
	return values
}

// toOffice leads to a page of the office.
func toOffice(path string) page {
	return func(v *visit) error {
		v.protect()
		v.w.Header().Set("Cache-Control", revalidate)
		v.w.Header().Set("Location", officePath+path)
		v.w.WriteHeader(http.StatusSeeOther)
		return nil
	}
}
