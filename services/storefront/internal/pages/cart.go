package pages

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// cartPath is where the cart is, and addPath takes what is put into it.
const (
	cartPath = "/cart"
	addPath  = cartPath + "/add"
)

// The fields of the cart's address that tell what was done to it.
const (
	addedField, removedField, beforeField, problemField, leftField = "added", "removed", "n", "problem", "left"
)

// addedBefore is the value of addedField for what the same form had added.
const addedBefore = "before"

// The reasons of order that are about the cart.
const (
	reasonCartNotFound    fault.Reason = "CART_NOT_FOUND"
	reasonProductNotFound fault.Reason = "PRODUCT_NOT_FOUND"
	reasonProductArchived fault.Reason = "PRODUCT_ARCHIVED"
	reasonCurrencyMixed   fault.Reason = "CURRENCY_MIXED"
	reasonTotalTooLarge   fault.Reason = "TOTAL_TOO_LARGE"
)

// cart is the page of the visitor's cart.
func (s *Server) cart(v *visit) error {
	current, err := v.cart()
	if err != nil {
		return err
	}
	d := view.CartPage{Notice: v.cartNotice(), Total: current.GetTotal()}
	stock, err := s.stockOf(v, current)
	d.NoStock = v.lacks("the stock of a cart", err)
	for _, line := range current.GetLines() {
		unavailable := slices.Contains(current.GetUnavailableCodes(), line.GetProductCode())
		shown := view.CartLineData{CartLine: line, Unavailable: unavailable}
		if available, known := stock[line.GetProductCode()]; known && !unavailable && available < int64(line.GetQuantity()) {
			shown.Short, shown.Available = true, available
		}
		d.Lines = append(d.Lines, shown)
	}
	d.Changes = v.cartChanges(current, d.Lines)
	if err := v.remember(func(c *session.Content) { c.Shown = shownCart(current, d.Lines) }); err != nil {
		return err
	}
	d.Orderable = d.Total != nil && len(current.GetUnavailableCodes()) == 0
	if opened := v.opened; len(d.Lines) == 0 && len(opened.Orders) > 0 {
		d.LastOrder = opened.Orders[0].Number
	}
	query := v.request.URL.Query()
	if removed, quantity := query.Get(removedField), quantityOf(query.Get(beforeField)); view.ValidCode(removed) && quantity > 0 {
		// What can't be found any more can't be put back either.
		if product, err := s.Catalog.Product(v.request.Context(), removed); err == nil {
			d.Removed, d.RemovedQuantity = product, quantity
		}
	}
	p := v.page(v.texts.Say("cart.title"))
	p.Path, p.Hidden = cartPath, true
	return v.show(http.StatusOK, noStore, view.Cart(p, d))
}

// cart reads the visitor's cart; an empty one where there is none any more.
func (v *visit) cart() (*orderv1.Cart, error) {
	opened, err := v.session()
	if err != nil {
		return nil, err
	}
	if opened.Account != nil && opened.Cart != "" {
		if err := v.mergeCart(opened.Cart); err != nil {
			return nil, err
		}
	}
	current := &orderv1.Cart{}
	token := v.shopper()
	if token != "" {
		current, err = v.server.Carts.Cart(v.as(token))
	}
	switch {
	case reasonOf(err) == reasonCartNotFound:
		// Nobody used it for thirty days.
		return &orderv1.Cart{}, v.forgetCart(token)
	case err != nil:
		return nil, err
	}
	return current, v.sees(current)
}

// mergeCart puts what is in a guest's cart into that of the account that the visitor signed in
// to. All requests that do so send the same one, which merges once.
func (v *visit) mergeCart(guests string) error {
	request := uuid.NewSHA1(uuid.NameSpaceURL, []byte("merge\n"+guests))
	err := v.server.Carts.Merge(v.asAccount(), guests, request.String())
	if err != nil && reasonOf(err) != reasonCartNotFound {
		return err
	}
	return v.forgetCart(guests)
}

// sees keeps how many things are in the cart, and what names that, for all pages.
func (v *visit) sees(current *orderv1.Cart) error {
	return v.remember(func(c *session.Content) { c.Things, c.Etag = things(current), current.GetEtag() })
}

// things is how many things are in a cart.
func things(cart *orderv1.Cart) int {
	n := 0
	for _, line := range cart.GetLines() {
		n += int(line.GetQuantity())
	}
	return n
}

// stockOf returns how many there are of what is in a cart, by code. What is not known, as
// while catalog is away, is not in it: a cart can be ordered all the same.
func (s *Server) stockOf(v *visit, cart *orderv1.Cart) (map[string]int64, error) {
	var codes []string
	for _, line := range cart.GetLines() {
		codes = append(codes, line.GetProductCode())
	}
	products, err := s.Catalog.ProductsOf(v.request.Context(), codes)
	stock := make(map[string]int64, len(products))
	for _, product := range products {
		stock[product.GetCode()] = product.GetAvailableQuantity()
	}
	return stock, err
}

// cartNotice is what a change of the cart had to tell.
func (v *visit) cartNotice() view.NoticeData {
	query := v.request.URL.Query()
	if query.Get(addedField) == addedBefore {
		return view.NoticeData{Kind: "good", Text: v.texts.Say("cart.added_before")}
	}
	if query.Has(addedField) {
		return view.NoticeData{Kind: "good", Text: v.texts.Say("cart.added")}
	}
	if left := v.opened.Left; query.Has(leftField) && len(left) > 0 {
		return view.NoticeData{Kind: "bad", Text: v.texts.Fill("cart.left_out", "Names", strings.Join(left, " · "))}
	}
	texts := map[string]string{
		"quantity": v.texts.Fill("cart.bad_quantity", "Max", v.texts.Number(int(maxQuantity()))), "product": v.texts.Say("cart.bad_product"), "currency": v.texts.Say("cart.bad_currency"),
		"total": v.texts.Say("cart.bad_total"), "full": v.texts.Say("cart.bad_full"), "stock": v.texts.Say("cart.bad_stock"),
	}
	if text, ok := texts[query.Get(problemField)]; ok {
		return view.NoticeData{Kind: "bad", Text: text}
	}
	return view.NoticeData{}
}
