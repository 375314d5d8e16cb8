package pages

import (
	"net/http"
	"strings"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// robots tells crawlers what is not for them: what is one visitor's, and lists in each of
// their orders.
func (s *Server) robots(v *visit) error {
	var b strings.Builder
	b.WriteString("User-agent: *\nDisallow: /v1/\nDisallow: /office\n")
	for _, language := range append([]string{""}, messages.Languages()...) {
		for _, path := range []string{"/cart", "/checkout", "/orders", "/o/", "/account", "/search"} {
			b.WriteString("Disallow: " + view.InLanguage(language, "", path) + "\n")
		}
	}
	if s.PublicURL != "" {
		b.WriteString("\nSitemap: " + s.PublicURL + "/sitemap.xml\n")
	}
	v.send(http.StatusOK, revalidate, "text/plain; charset=utf-8", []byte(b.String()))
	return nil
}
