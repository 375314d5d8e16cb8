package pages

import (
	"net/http"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// newest is how many products the start page shows.
const newest = 12

// home is the start page: the categories, and what came last.
func (s *Server) home(v *visit) error {
	ctx := v.request.Context()
	tree, err := s.Catalog.Categories(ctx)
	if err != nil {
		return err
	}
	products, _, err := s.Catalog.Products(ctx, &catalogv1.ListProductsRequest{PageSize: newest, OrderBy: "create_time desc", Filter: sold})
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, revalidate, view.Home(v.page(""), view.HomePage{Categories: links(tree.Below("")), Newest: products}))
}

// sold selects what is sold.
const sold = "status = ACTIVE"

// links are links to categories.
func links(categories []*catalogv1.Category) []view.Link {
	all := make([]view.Link, len(categories))
	for i, category := range categories {
		all[i] = view.Link{Text: category.GetName(), Href: view.CategoryPath(category.GetId(), category.GetName())}
	}
	return all
}
