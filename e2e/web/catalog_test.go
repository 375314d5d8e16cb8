package web_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// Somebody finds a product: by the start page, its category and the category below that, in
// three languages.
func TestAShopperFindsAProduct(t *testing.T) {
	t.Parallel()
	s := open(t)
	empty := s.shows("/", http.StatusOK, "There are no products yet")
	s.lacks(empty, "Categories")
	lamps := s.category("Lamps & Lights", "")
	desk := s.category("Desk", lamps)
	s.product("LAMP/1", "Öl-Lampe <1>", desk, 1234, func(p *catalogv1.Product) {
		p.Description, p.Attributes = "Bright\n& <warm>", map[string]string{"colour": "red"}
		p.Images = []*catalogv1.ProductImage{{Url: "https://pictures.example/lamp.jpg", AltText: "A lamp"}}
	})
	s.product("..", "Dots", lamps, 5)
	s.product("DRAFT", "Secret", lamps, 5, func(p *catalogv1.Product) { p.Status = catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT })
	s.deliver("LAMP/1", 3)

	testkit.Eventually(t, "the start page shows the categories", func() bool { return strings.Contains(s.get("/").body, "Lamps &amp; Lights") })
	home := s.shows("/", http.StatusOK, "Lamps &amp; Lights", "/c/"+lamps+"/lamps-lights", "Dots", "€1,234.00", "3 left", "Sold out")
	s.lacks(home, "Secret", ">Desk<")
	top := s.shows("/c/"+lamps+"/lamps-lights", http.StatusOK, ">Desk<", "Dots", "Öl-Lampe", "All about Lamps &amp; Lights", `aria-current="page"`)
	s.lacks(top, "Secret")
	s.shows("/p/LAMP~s1/ol-lampe-1", http.StatusOK, "€1,234.00", "3 left", "&lt;warm&gt;", "colour", "https://pictures.example/lamp.jpg",
		`"sku":"LAMP/1"`, `\u003cwarm\u003e`, `"price":"1234.00"`, "schema.org/InStock", ">Desk<")
	s.shows("/p/~d~d/dots", http.StatusOK, "Dots")

	german := s.shows("/de/c/"+desk+"/desk", http.StatusOK, `<html lang="de" dir="ltr"`, "1.234,00", "Nur noch 3 Stück", "/de/p/LAMP~s1/ol-lampe-1", "Startseite")
	s.lacks(german, "In stock only")
	arabic := s.shows("/ar", http.StatusOK, `<html lang="ar" dir="rtl"`, "بقيت 3 قطع", "/ar/c/"+lamps)
	for _, language := range []string{"", "/de", "/ar"} {
		if !strings.Contains(arabic.body, `href="https://shop.example`+language) {
			t.Errorf("the page does not name itself in %q", language)
		}
	}
	s.shows("/search", http.StatusOK, "Dots", "Öl-Lampe", `content="noindex"`)
}

// An address that is nearly right leads to the right one, and one that is wrong says so.
func TestAddressesLeadToTheRightOnes(t *testing.T) {
	t.Parallel()
	s := open(t)
	mugs := s.category("Mugs", "")
	s.product("a/b", "Mug", mugs, 5)
	s.product("..", "Dots", mugs, 5)
	old := s.product("OLD", "Old mug", mugs, 5)
	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: old.GetId()}); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		"/p/a~sb":               "/p/a~sb/mug",
		"/p/a%2Fb/anything":     "/p/a~sb/mug",
		"/p/%2E%2E/dots":        "/p/~d~d/dots",
		"/p/a~sb/mug/?x=1":      "",
		"/de/p/a~sb/x?utm=1":    "/de/p/a~sb/mug?utm=1",
		"/en/p/a~sb/mug":        "/p/a~sb/mug",
		"/en":                   "/",
		"/de/":                  "/de",
		"/c/" + mugs:            "/c/" + mugs + "/mugs",
		"/c/" + mugs + "/other": "/c/" + mugs + "/mugs",
	} {
		if to == "" {
			s.shows(from, http.StatusNotFound, "This page does not exist")
			continue
		}
		want := http.StatusMovedPermanently
		if strings.HasPrefix(from, "/en") {
			want = http.StatusSeeOther // it is a setting which language has no prefix
		}
		if p := s.get(from); p.status != want || p.header.Get("Location") != to {
			t.Errorf("%s is %d and leads to %q, want %d to %q", from, p.status, p.header.Get("Location"), want, to)
		}
	}
	gone := s.shows("/p/OLD/old-mug", http.StatusGone, "This product is no longer sold", "“Old mug”", "Dots", `content="noindex"`)
	if gone.header.Get("Cache-Control") != "no-store" {
		t.Errorf("it may be kept: %v", gone.header)
	}
	for _, path := range []string{"/nothing", "/p/NONE/x", "/p/a%20b/x", "/p//x", "/c/x/y", "/c/01890a5d-ac96-774b-bcce-b302099a8057/x", "/assets/none.css", "/p/%FF/x", "/p/%00/x", "//", "/../x"} {
		s.shows(path, http.StatusNotFound, "This page does not exist")
	}
	s.shows("/de/nichts", http.StatusNotFound, "Diese Seite gibt es nicht")
	// Programs read errors as before.
	for _, path := range []string{"/v1/nothing", "/v1/", "/shopmesh.catalog.v1.Nothing/Get"} {
		if p := s.get(path, "Content-Type", "application/json"); p.status != http.StatusNotFound || !strings.HasPrefix(p.body, "{") {
			t.Errorf("%s is %d\n%s", path, p.status, p.body)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/", strings.NewReader("a=b"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST / is %d, and %q is allowed", res.StatusCode, res.Header.Get("Allow"))
	}
}

// A page is sent again when it changed, and only then; nothing but the shop's own files is
// loaded, and the whole fits into the first packets.
func TestPagesAreSentAgainOnlyWhenTheyChange(t *testing.T) {
	t.Parallel()
	s := open(t)
	mugs := s.category("Mugs", "")
	var last *catalogv1.Product
	for i := range 24 {
		last = s.product("MUG-"+number(i), "A mug with a name of some length "+number(i), mugs, int64(10+i))
	}
	path := "/c/" + mugs + "/mugs"
	testkit.Eventually(t, "the category is there", func() bool { return s.get(path).status == http.StatusOK })
	first := s.shows(path, http.StatusOK)
	if first.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the page has %d bytes in %q", first.size, first.header.Get("Content-Encoding"))
	}
	etag := first.header.Get("ETag")
	if first.header.Get("Cache-Control") != "private, no-cache" || etag == "" {
		t.Errorf("the headers are %v", first.header)
	}
	policy := first.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy %q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || first.header.Get("X-Content-Type-Options") != "nosniff" || first.header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("the headers are %v", first.header)
	}
	same := s.get(path, "If-None-Match", etag)
	if same.status != http.StatusNotModified || same.size != 0 || same.header.Get("ETag") != etag {
		t.Errorf("the same page is %d with %d bytes", same.status, same.size)
	}
	last.Price.Units = 99
	if _, err := s.products.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Product: last, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price"}}}); err != nil {
		t.Fatal(err)
	}
	if changed := s.get(path, "If-None-Match", etag); changed.status != http.StatusOK || changed.header.Get("ETag") == etag || !strings.Contains(changed.body, "€99.00") {
		t.Errorf("another price is %d with %q", changed.status, changed.header.Get("ETag"))
	}
	for _, href := range regexp.MustCompile(`(?:href|src)="(/assets/[^"#]+)`).FindAllStringSubmatch(first.body, -1) {
		asset := s.get(href[1])
		if asset.status != http.StatusOK || asset.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || asset.header.Get("Content-Encoding") != "br" {
			t.Errorf("%s is %d, %v", href[1], asset.status, asset.header)
		}
	}
}

// A list is narrowed down, sorted and walked through by its address alone.
func TestAListIsItsAddress(t *testing.T) {
	t.Parallel()
	s := open(t)
	mugs := s.category("Mugs", "")
	for i := range 30 {
		s.product("MUG-"+number(i), "Mug "+number(i), mugs, int64(10+i))
	}
	s.deliver("MUG-007", 2)
	path := "/c/" + mugs + "/mugs"
	testkit.Eventually(t, "the category is there", func() bool { return s.get(path).status == http.StatusOK })

	// Search engines get each list in one order, by the address of its first page.
	s.lacks(s.shows(path+"?utm=1", http.StatusOK, `rel="canonical" href="https://shop.example`+path+`"`), "noindex")
	dear := s.shows(path+"?sort=dear", http.StatusOK, `content="noindex"`, "Mug 029", "Next page", "Page 1", "24 of 30 products")
	s.lacks(dear, "Mug 005", "First page")
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(dear.body)
	if next == nil {
		t.Fatal("there is no next page")
	}
	second := s.shows(html.UnescapeString(next[1]), http.StatusOK, "Mug 005", "Page 2", "First page", "6 of 30 products")
	s.lacks(second, "Mug 006", "Next page")
	next = regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(s.get(path).body)
	if next == nil {
		t.Fatal("there is no next page of the list as it is sorted by default")
	}
	s.lacks(s.shows(html.UnescapeString(next[1]), http.StatusOK, "Mug 029", "Page 2", `content="noindex"`), `rel="canonical"`)
	if p := s.get(path + "?page=nonsense&sort=dear"); p.status != http.StatusSeeOther || p.header.Get("Location") == "" {
		t.Errorf("a page that is not there is %d", p.status)
	}
	narrow := s.shows(path+"?min=38&max=1.000%2C5", http.StatusOK, "is no amount", `aria-invalid="true"`, `aria-describedby="max-error"`, `value="1.000,5"`, "Clear filters")
	s.lacks(narrow, "Mug 029")
	s.shows(clearOf(t, narrow), http.StatusOK, "24 of 30 products")
	some := s.shows(path+"?min=38,00&max=100", http.StatusOK, "Mug 029", "Mug 028", "Clear filters", `value="38,00"`, "2 products")
	s.lacks(some, "Mug 027")
	stocked := s.shows(path+"?stock=1", http.StatusOK, "Mug 007", "2 left", " checked", "1 product<")
	s.lacks(stocked, "Mug 008")
	s.shows(path+"?min=38&max=10", http.StatusOK, "is higher than", `aria-describedby="min-error"`)
	s.shows(path+"?min=5000", http.StatusOK, "No product matches these filters", "Clear filters")
	s.shows("/de"+path, http.StatusOK, "24 von 30 Produkten")
	s.shows("/ar"+path, http.StatusOK, "\u206824\u2069 من 30 منتجاً")
	s.shows("/de"+path+"?min=1.234,50", http.StatusOK, "Kein Produkt passt", `value="1.234,50"`)
	s.shows(path+"?min=%22%20OR&sort=%00&page=&n=-1", http.StatusOK, "is no amount")
	s.shows("/search?q=%22%20AND%20status%20%3D%20DRAFT%5C", http.StatusOK)
	s.shows("/search?q="+strings.Repeat("%F0%9F%A6%86", 200), http.StatusOK)
}

// Pages count for the limits that calls count for: whoever has none left gets neither (and
// nobody is let in by naming another address).
func TestPagesEvadeNoLimit(t *testing.T) {
	t.Parallel()
	s := open(t)
	claims := connect.NewClient(connecthttp.NewTransport(http.DefaultClient, s.url))
	ctx, info := connect.NewClientContext(t.Context())
	info.RequestHeader().Set(token.Visitor, "203.0.113.9")
	if _, err := catalogv1connect.NewProductServiceClient(claims).ListProducts(ctx, &catalogv1.ListProductsRequest{}); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("a browser that claims to be a service is answered %v", err)
	}
	if _, err := s.settings.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "edge", Value: &configv1.Settings_Edge{Edge: &edgev1.Settings{ReadsRate: new("20/h")}},
	}}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the address has no calls left", func() bool { return s.get("/").status == http.StatusTooManyRequests })
	limited := s.shows("/", http.StatusTooManyRequests, "That was too much at once", `class="reference"`, "Try again")
	if limited.header.Get("Retry-After") == "" {
		t.Errorf("it does not say when: %v", limited.header)
	}
	if p := s.get("/v1/products"); p.status != http.StatusTooManyRequests {
		t.Errorf("after the pages, a call is %d", p.status)
	}
	if p := s.get("/assets/none.css"); p.status != http.StatusNotFound {
		t.Errorf("what makes no call is limited, too: %d", p.status)
	}
}

// Search engines learn which pages there are, and which are not for them.
func TestSearchEnginesFindThePages(t *testing.T) {
	t.Parallel()
	s := open(t)
	mugs := s.category("Mugs", "")
	s.product("a/b", "Mug & more", mugs, 5)
	testkit.Eventually(t, "the category is there", func() bool { return s.get("/c/"+mugs+"/mugs").status == http.StatusOK })
	site := s.get("/sitemap.xml")
	for _, want := range []string{"<loc>https://shop.example/</loc>", "<loc>https://shop.example/c/" + mugs + "/mugs</loc>", "<loc>https://shop.example/p/a~sb/mug-more</loc>"} {
		if !strings.Contains(site.body, want) {
			t.Errorf("the sitemap lacks %q\n%s", want, site.body)
		}
	}
	robots := s.get("/robots.txt")
	for _, want := range []string{"User-agent: *", "Disallow: /de/cart", "Sitemap: https://shop.example/sitemap.xml"} {
		if !strings.Contains(robots.body, want) {
			t.Errorf("robots.txt lacks %q\n%s", want, robots.body)
		}
	}
}

// clearOf is where "Clear filters" leads.
func clearOf(t *testing.T, p page) string {
	t.Helper()
	link := regexp.MustCompile(`href="([^"]+)">Clear filters`).FindStringSubmatch(p.body)
	if link == nil {
		t.Fatalf("the filters can't be cleared\n%s", p.body)
	}
	return html.UnescapeString(link[1])
}
