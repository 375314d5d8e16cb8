package domain

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
)

const (
	// CartLife is how long a cart is kept that nobody uses.
	CartLife = 30 * 24 * time.Hour
	// CartTouch is how old the time of the last use is when reading a cart moves it. Carts
	// are kept this much longer, so that none is deleted before its life is over.
	CartTouch = 24 * time.Hour
)

// Cart is what a customer or a guest means to buy. It changes only by its methods.
type Cart struct {
	s CartSnapshot
}

// CartSnapshot is a cart as it is stored. It holds codes and quantities and no prices.
type CartSnapshot struct {
	// ID is the customer's id for the cart of a customer.
	ID uuid.UUID
	// TokenHash is the SHA-256 of the guest's token; nil for the cart of a customer.
	TokenHash []byte
	Lines     []LineRequest
	// Additions are the requests of the last additions, the last one last.
	Additions []uuid.UUID
	// Version counts the changes of what is in the cart, from 0.
	Version int64
	// CheckoutID is the request_id for the order of what is in the cart; uuid.Nil for a
	// customer's cart that is not stored.
	CheckoutID uuid.UUID
	// LastOrderID is the order that was last placed from the cart; uuid.Nil when none was.
	LastOrderID uuid.UUID
	// MergedInto is the customer whose cart took the lines; uuid.Nil while the cart is in use.
	MergedInto uuid.UUID
	UseTime    time.Time
}

// NewCustomerCart returns the empty cart of a customer.
func NewCustomerCart(customer uuid.UUID, now time.Time) *Cart {
	return &Cart{s: CartSnapshot{ID: customer, UseTime: now}}
}

// NewGuestCart returns the empty cart of a guest whose token has this SHA-256.
func NewGuestCart(id, checkout uuid.UUID, tokenHash [32]byte, now time.Time) *Cart {
	return &Cart{s: CartSnapshot{ID: id, TokenHash: tokenHash[:], CheckoutID: checkout, UseTime: now}}
}

// RestoreCart returns a cart as it was stored.
func RestoreCart(s CartSnapshot) *Cart { return &Cart{s: s} }

// Snapshot returns the cart as it is now. Its slices belong to the cart.
func (c *Cart) Snapshot() CartSnapshot { return c.s }

// ID returns the cart's id.
func (c *Cart) ID() uuid.UUID { return c.s.ID }

// Lines returns what is in the cart. They belong to it.
func (c *Cart) Lines() []LineRequest { return c.s.Lines }

// Etag names this version of what is in the cart.
func (c *Cart) Etag() string { return etag.Of(c.s.ID, c.s.Version) }

// CheckEtag refuses an etag that is not the cart's; an empty one fits always.
func (c *Cart) CheckEtag(given string) error { return etag.Check(given, c.Etag()) }

// Usable reports whether the cart can be read and changed: it was neither merged into
// another nor left alone for its whole life.
func (c *Cart) Usable(now time.Time) bool {
	return c.s.MergedInto == uuid.Nil && c.s.UseTime.After(UnusedSince(now))
}

// UnusedSince is the time of last use at which the life of carts is over now.
func UnusedSince(now time.Time) time.Time { return now.Add(-CartLife - CartTouch) }

// Stale reports whether reading the cart moves the time of its last use.
func (c *Cart) Stale(now time.Time) bool { return now.Sub(c.s.UseTime) >= CartTouch }

// Set sets how many of a product are in the cart; 0 takes it out. products holds the
// products known, by code: that of the code and those in the cart.
func (c *Cart) Set(code string, quantity int32, products map[string]Product, now time.Time) error {
	at := slices.IndexFunc(c.s.Lines, func(line LineRequest) bool { return line.Code == code })
	lines := slices.Clone(c.s.Lines)
	switch {
	case quantity < 0 || quantity > MaxQuantity:
		return fault.Fields(fault.Violation{Field: "quantity", Description: fmt.Sprintf("must be 0 to %d, got %d", MaxQuantity, quantity)})
	case quantity == 0 && at < 0:
		return nil
	case quantity == 0:
		lines = slices.Delete(lines, at, at+1)
	case at < 0:
		at = len(lines)
		lines = append(lines, LineRequest{Code: code})
		fallthrough
	default:
		lines[at].Quantity = quantity
		if err := mayPut(lines, at, products); err != nil {
			return err
		}
	}
	c.put(lines, now)
	return nil
}

// keptAdditions is how many requests of additions a cart keeps: as many as ordering the
// largest order again makes.
const keptAdditions = MaxLines

// Add puts so many more of a product into the cart, up to MaxQuantity. A request that did so
// before adds nothing while the product is in the cart; then it reports true.
func (c *Cart) Add(request uuid.UUID, code string, quantity int32, products map[string]Product, now time.Time) (repeated bool, err error) {
	before := int32(0)
	for _, line := range c.s.Lines {
		if line.Code == code {
			before = line.Quantity
		}
	}
	known := slices.Contains(c.s.Additions, request)
	if known && before > 0 {
		return true, nil
	}
	if quantity < 1 || quantity > MaxQuantity {
		return false, fault.Fields(fault.Violation{Field: "quantity", Description: fmt.Sprintf("must be 1 to %d, got %d", MaxQuantity, quantity)})
	}
	if err := c.Set(code, min(before+quantity, MaxQuantity), products, now); err != nil || known {
		return false, err
	}
	kept := c.s.Additions[max(0, len(c.s.Additions)+1-keptAdditions):]
	c.s.Additions = append(slices.Clone(kept), request)
	return false, nil
}

// mayPut refuses a line that could not be ordered with the others.
func mayPut(lines []LineRequest, at int, products map[string]Product) error {
	const field = "product_code"
	if len(lines) > MaxLines {
		return fault.Fields(fault.Violation{Field: field, Description: fmt.Sprintf("the cart has %d lines already: take one out first", MaxLines)})
	}
	code := lines[at].Code
	product, known := products[code]
	if !known || product.Status == ProductDraft {
		text := fmt.Sprintf("no product has the code %q", code)
		return fault.New(fault.NotFound, ReasonProductNotFound, "%s", text).Field(field, text)
	}
	if product.Status == ProductArchived {
		text := fmt.Sprintf("%q is not sold any more", code)
		return fault.New(fault.FailedPrecondition, ReasonProductArchived, "%s", text).Field(field, text)
	}
	others := PriceCart(slices.Delete(slices.Clone(lines), at, at+1), products)
	if others.Total.Currency != "" && product.Price.Currency != others.Total.Currency {
		text := fmt.Sprintf("%q is priced in %s, what is in the cart in %s: order them apart", code, product.Price.Currency, others.Total.Currency)
		return fault.New(fault.Invalid, ReasonCurrencyMixed, "%s", text).Field(field, text)
	}
	if len(PriceCart(lines, products).Unavailable) > len(others.Unavailable) {
		return fault.New(fault.Invalid, ReasonTotalTooLarge, "the total is more than money can count: order less").
			Field("quantity", "with this line the total is more than money can count")
	}
	return nil
}

// Renew empties a cart whose life is over and that was not deleted yet.
func (c *Cart) Renew(now time.Time) {
	if !c.Usable(now) {
		c.put(nil, now)
		c.s.LastOrderID = uuid.Nil
	}
}

// Clear takes everything out of the cart.
func (c *Cart) Clear(now time.Time) { c.put(nil, now) }

// Ordered takes everything out of the cart, which the order is of; checkout is the
// request_id for the next one.
func (c *Cart) Ordered(order, checkout uuid.UUID, now time.Time) {
	c.put(nil, now)
	c.s.LastOrderID, c.s.CheckoutID = order, checkout
}

// put replaces what is in the cart, under a new version when that changes it.
func (c *Cart) put(lines []LineRequest, now time.Time) {
	if !slices.Equal(lines, c.s.Lines) {
		c.s.Lines = lines
		c.s.Version++
	}
	c.s.UseTime = now
}

// Merge moves what is in a guest's cart into this customer's, and ends the guest's. Of a
// product that is in both, the quantities are added, up to MaxQuantity. Nothing moves when
// there would be too many lines.
func (c *Cart) Merge(guest *Cart, now time.Time) error {
	lines := slices.Clone(c.s.Lines)
	for _, moved := range guest.s.Lines {
		at := slices.IndexFunc(lines, func(line LineRequest) bool { return line.Code == moved.Code })
		if at < 0 {
			lines = append(lines, moved)
			continue
		}
		lines[at].Quantity = min(lines[at].Quantity+moved.Quantity, MaxQuantity)
	}
	if len(lines) > MaxLines {
		return fault.Fields(fault.Violation{Field: "cart_token", Description: fmt.Sprintf(
			"the two carts have %d lines together, more than %d: take some out of one of them first", len(lines), MaxLines)})
	}
	c.put(lines, now)
	guest.put(nil, now)
	guest.s.MergedInto = c.s.ID
	return nil
}

// PricedCart is what a cart costs at one moment.
type PricedCart struct {
	// Lines has a line for each of the cart's. One that can't be ordered has no prices, and
	// of its product what is known.
	Lines []Line
	// Total is the sum of the others; without a currency when there are none.
	Total money.Money
	// Unavailable are the codes of the lines that can't be ordered.
	Unavailable []string
}

// PriceCart prices what is in a cart by the products' own prices; products holds those
// known, by code. A line can't be ordered when its product is not sold, is priced in
// another currency than the lines before it, or makes the total more than money can count.
func PriceCart(lines []LineRequest, products map[string]Product) PricedCart {
	var priced PricedCart
	for _, request := range lines {
		product, known := products[request.Code]
		line := Line{ProductID: product.ID, Code: request.Code, Name: product.Name, Quantity: request.Quantity}
		if known && product.Status == ProductDraft {
			line.ProductID, line.Name = uuid.Nil, "" // a product that was never published
		}
		total, sum, ok := addLine(priced.Total, product, request.Quantity)
		if ok {
			line.UnitPrice, line.Total, priced.Total = product.Price, total, sum
		} else {
			priced.Unavailable = append(priced.Unavailable, request.Code)
		}
		priced.Lines = append(priced.Lines, line)
	}
	return priced
}

// addLine returns what so many of a product cost, and the sum with what was there before.
func addLine(before money.Money, product Product, quantity int32) (total, sum money.Money, ok bool) {
	if product.Status != ProductActive {
		return total, sum, false
	}
	total, err := product.Price.Mul(int64(quantity))
	if err != nil {
		return total, sum, false
	}
	sum, err = before.Add(total)
	return total, sum, err == nil
}
