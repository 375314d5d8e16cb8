package pages

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/storefront/internal/peers"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// relatedProducts is how many others of its category the page of a product shows.
const relatedProducts = 4

// product is the page of a product. One that is archived is gone: what it was and what is
// like it is shown all the same.
func (s *Server) product(v *visit) error {
	ctx := v.request.Context()
	code := view.CodeOf(v.arg(0))
	if !view.ValidCode(code) {
		return errNotFound
	}
	product, err := s.Catalog.Product(ctx, code)
	if err != nil {
		return err
	}
	path := view.ProductPath(product.GetCode(), product.GetName())
	if v.path != path {
		return v.redirect(path, http.StatusMovedPermanently)
	}
	related, err := s.related(v, product)
	noRelated := v.lacks("related products", err)
	if product.GetStatus() == catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED {
		return &goneError{product: product, related: related}
	}
	tree, err := s.Catalog.Categories(ctx)
	d := view.ProductPage{
		Product: product, Related: related, NoRelated: noRelated, NoCategories: v.lacks("categories", err), Breadcrumb: breadcrumbOf(tree, product),
		Delivery: v.delivery(s.HandlingTime.Now()),
	}
	for _, name := range slices.Sorted(maps.Keys(product.GetAttributes())) {
		d.Attributes = append(d.Attributes, view.Attribute{Name: name, Value: product.GetAttributes()[name]})
	}
	p := v.page(product.GetName())
	p.Description = summary(product.GetDescription())
	if p.Data, err = structured(product, s.PublicURL+p.URL(path)); err != nil {
		return err
	}
	return v.show(http.StatusOK, revalidate, view.Product(p, d))
}

func (s *Server) related(v *visit, of *catalogv1.Product) ([]*catalogv1.Product, error) {
	products, _, err := s.Catalog.Products(v.request.Context(), &catalogv1.ListProductsRequest{
		PageSize: relatedProducts + 1, Filter: `category_id = "` + of.GetCategoryId() + `" AND ` + sold, OrderBy: "create_time desc",
	})
	products = slices.DeleteFunc(products, func(other *catalogv1.Product) bool { return other.GetId() == of.GetId() })
	return products[:min(len(products), relatedProducts)], err
}

// lacks reports whether a part of a page can't be shown, and notes why in the log. The page is
// shown all the same, and names the part.
func (v *visit) lacks(part string, err error) bool {
	if err != nil {
		v.server.Log.WarnContext(v.request.Context(), "a part of a page could not be shown", "part", part, "cause", err.Error())
	}
	return err != nil
}

// breadcrumbOf is the way to a product; without the categories where these are not known.
func breadcrumbOf(tree *peers.Tree, product *catalogv1.Product) []view.Link {
	var above []view.Link
	if tree != nil {
		above = links(tree.Path(product.GetCategoryId()))
	}
	return append(above, view.Link{Text: product.GetName(), Href: view.ProductPath(product.GetCode(), product.GetName())})
}

// structured is a product as search engines read it (https://schema.org/Product). Its letters
// "<", ">" and "&" are escaped, so it can stand in a page.
func structured(product *catalogv1.Product, url string) (string, error) {
	price, err := moneypb.FromProto(product.GetPrice())
	if err != nil {
		return "", err
	}
	availability := "https://schema.org/InStock"
	if product.GetAvailableQuantity() <= 0 {
		availability = "https://schema.org/OutOfStock"
	}
	data := map[string]any{
		"@context": "https://schema.org", "@type": "Product", "name": product.GetName(), "sku": product.GetCode(), "url": url,
		"offers": map[string]any{
			"@type": "Offer", "price": price.Decimal(), "priceCurrency": product.GetPrice().GetCurrencyCode(), "availability": availability, "url": url,
		},
	}
	if product.GetDescription() != "" {
		data["description"] = product.GetDescription()
	}
	var images []string
	for _, image := range product.GetImages() {
		images = append(images, image.GetUrl())
	}
	if len(images) > 0 {
		data["image"] = images
	}
	text, err := json.Marshal(data)
	return string(text), err
}
