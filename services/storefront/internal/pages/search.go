package pages

import (
	"net/http"
	"strings"

	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// search is the page of what was found. Without a search it lists all products.
func (s *Server) search(v *visit) error {
	query := queryOf(v.request.URL.Query().Get("q"))
	l, err := s.list(v, "/search", words(query), view.Attribute{Name: "q", Value: query})
	if err != nil {
		return err
	}
	if l == nil {
		return v.redirectTo("/search?" + withoutPage(v.request.URL.Query()).Encode())
	}
	l.Heading = v.texts.Say("search.title")
	if query != "" {
		l.Heading = v.texts.Fill("search.for", "Query", query)
		if len(l.Products) == 0 && l.Filter.Clear == "" {
			l.Empty = v.texts.Fill("list.nothing_for", "Query", query)
		}
	}
	p := v.page(l.Heading)
	p.Query, p.Hidden = query, true
	return v.show(http.StatusOK, revalidate, view.List(p, *l))
}

// queryOf is as much of a search as is used.
func queryOf(typed string) string {
	letters := []rune(strings.TrimSpace(strings.ToValidUTF8(typed, "")))
	return string(letters[:min(len(letters), view.MaxQuery)])
}

// maxWords is how many words of a search are used.
const maxWords = 12

// words are a search as the filter of a list takes it: each word in quotes, so that nothing
// in it is taken for an operator.
func words(query string) string {
	var all []string
	for word := range strings.FieldsSeq(query) {
		if len(all) == maxWords {
			break
		}
		word = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word)
		all = append(all, `"`+word+`"`)
	}
	return strings.Join(all, " AND ")
}
