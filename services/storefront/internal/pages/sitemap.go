package pages

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// maxAddresses is how many a sitemap may have (https://www.sitemaps.org/protocol.html).
	maxAddresses = 50_000
	// sitemapLife is how long it is sent before it is made anew: it reads every product.
	sitemapLife = 10 * time.Minute
	// sitemapPatience bounds how long that may take.
	sitemapPatience = 20 * time.Second
	// productsAtOnce is how many products are read at once, as many as the contract lets.
	productsAtOnce = 1000
)

// sitemap is the list of all pages, as it was last made.
type sitemap struct {
	now func() time.Time

	making singleflight.Group
	mu     sync.Mutex
	text   []byte
	made   time.Time
	// languages are those of its addresses.
	languages string
}

// serveSitemap lists the pages of categories and products in each language, the newest products first where
// there are more than a sitemap may have.
func (s *Server) serveSitemap(v *visit) error {
	languages := v.own.offered()
	text := s.sitemap.fresh(languages)
	if text == nil {
		// One is made for all who wait.
		ctx := context.WithoutCancel(v.request.Context())
		made, err, _ := s.sitemap.making.Do(strings.Join(languages, " "), func() (any, error) { return s.makeSitemap(ctx, languages) })
		if err != nil {
			return err
		}
		text, _ = made.([]byte)
	}
	v.send(http.StatusOK, revalidate, "application/xml; charset=utf-8", text)
	return nil
}

// fresh returns the list where it is not too old and has these languages; nil where it is.
func (m *sitemap) fresh(languages []string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now().Sub(m.made) > sitemapLife || m.languages != strings.Join(languages, " ") {
		return nil
	}
	return m.text
}

func (m *sitemap) keep(text []byte, languages []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.text, m.made, m.languages = text, m.now(), strings.Join(languages, " ")
}

// makeSitemap reads all that is sold, for everybody and so as the service itself.
func (s *Server) makeSitemap(ctx context.Context, languages []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(peer.AsItself(ctx), sitemapPatience)
	defer cancel()
	tree, err := s.Catalog.Categories(ctx)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(xml.Header + `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	addresses := 0
	add := func(path string) {
		if addresses += len(languages); addresses > maxAddresses {
			return
		}
		for _, language := range languages {
			b.WriteString("<url><loc>")
			_ = xml.EscapeText(&b, []byte(s.PublicURL+view.InLanguage(language, languages[0], path))) // a buffer takes everything
			b.WriteString("</loc></url>\n")
		}
	}
	add("/")
	for _, category := range tree.All() {
		add(view.CategoryPath(category.GetId(), category.GetName()))
	}
	req := &catalogv1.ListProductsRequest{PageSize: productsAtOnce, OrderBy: "create_time desc", Filter: sold}
	for more := true; more && addresses < maxAddresses; more = req.GetPageToken() != "" {
		products, next, err := s.Catalog.Products(ctx, req)
		if err != nil {
			return nil, err
		}
		for _, product := range products {
			add(view.ProductPath(product.GetCode(), product.GetName()))
		}
		req.PageToken = next
	}
	if addresses > maxAddresses {
		s.Log.WarnContext(ctx, "the sitemap lacks pages: it may have no more addresses", "most", maxAddresses)
	}
	b.WriteString("</urlset>\n")
	s.sitemap.keep(b.Bytes(), languages)
	return b.Bytes(), nil
}
