package pages

import (
	"net/http"

	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// category is the page of a category: what is below it, and its products.
func (s *Server) category(v *visit) error {
	tree, err := s.Catalog.Categories(v.request.Context())
	if err != nil {
		return err
	}
	category := tree.Find(v.arg(0))
	if category == nil {
		return errNotFound
	}
	path := view.CategoryPath(category.GetId(), category.GetName())
	if v.path != path {
		return v.redirect(path, http.StatusMovedPermanently)
	}
	l, err := s.list(v, path, `category_id = "`+category.GetId()+`"`)
	if err != nil {
		return err
	}
	if l == nil {
		return v.redirectTo(path)
	}
	l.Heading, l.Name, l.Description = category.GetName(), true, category.GetDescription()
	l.Breadcrumb, l.Subcategories = links(tree.Path(category.GetId())), links(tree.Below(category.GetId()))
	p := v.page(category.GetName())
	p.Description = summary(category.GetDescription())
	// Of a list search engines need one order, and no page whose address ends.
	query := v.request.URL.Query()
	p.Hidden = l.Filter.Clear != "" || query.Has(sortField) || query.Has(pageField)
	return v.show(http.StatusOK, revalidate, view.List(p, *l))
}
