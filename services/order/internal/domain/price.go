package domain

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
)

// The bounds of an order.
const (
	// MaxLines is how many lines an order has at most.
	MaxLines = 200
	// MaxQuantity is how many pieces a line has at most.
	MaxQuantity = 10_000
)

// ProductStatus reports whether a product is sold. The numbers are stored.
type ProductStatus int

// The statuses.
const (
	ProductDraft ProductStatus = iota + 1
	ProductActive
	ProductArchived
)

// Product is what order knows of a product.
type Product struct {
	ID     uuid.UUID
	Code   string
	Name   string
	Price  money.Money
	Status ProductStatus
	// Version counts the product's changes; 0 when it was looked up in
	// catalog before its event came.
	Version int64
}

// LineRequest is a product's code and how many of it.
type LineRequest struct {
	Code     string
	Quantity int32
}

// Quote is what lines cost.
type Quote struct {
	Lines       []Line
	Adjustments []Adjustment
	Subtotal    money.Money
	Total       money.Money
}

// Price is what lines cost, by the products' own prices. products holds those
// known, by code. It refuses with the reason of the first thing wrong, and a
// violation for each line that is.
func Price(lines []LineRequest, products map[string]Product) (Quote, error) {
	if err := checkLines(lines, products); err != nil {
		return Quote{}, err
	}
	quote := Quote{Lines: make([]Line, len(lines))}
	for i, request := range lines {
		product := products[request.Code]
		total, err := product.Price.Mul(int64(request.Quantity))
		if err != nil {
			return Quote{}, tooLarge(i)
		}
		if quote.Subtotal, err = quote.Subtotal.Add(total); err != nil {
			return Quote{}, tooLarge(i)
		}
		quote.Lines[i] = Line{
			ProductID: product.ID, Code: product.Code, Name: product.Name,
			UnitPrice: product.Price, Quantity: request.Quantity, Total: total,
		}
	}
	quote.Total = quote.Subtotal
	return quote, nil
}

func tooLarge(line int) error {
	return fault.New(fault.Invalid, ReasonTotalTooLarge, "the total is more than money can count: order less").
		Field(fmt.Sprintf("lines[%d].quantity", line), "with this line the total is more than money can count")
}

// refusal gathers the lines that break one rule.
type refusal struct {
	fault *fault.Error
}

func (r *refusal) add(kind fault.Kind, reason fault.Reason, path, text string) {
	if r.fault == nil {
		r.fault = fault.New(kind, reason, "%s: %s", path, text)
	}
	r.fault = r.fault.Field(path, text)
}

func checkLines(lines []LineRequest, products map[string]Product) error {
	if len(lines) == 0 || len(lines) > MaxLines {
		return fault.Fields(fault.Violation{Field: "lines", Description: fmt.Sprintf("must be 1 to %d lines, got %d", MaxLines, len(lines))})
	}
	var bounds, duplicate, unknown, archived, mixed refusal
	first := make(map[string]int, len(lines))
	currency, currencyLine := "", 0
	for i, line := range lines {
		path := fmt.Sprintf("lines[%d].product_code", i)
		if line.Quantity < 1 || line.Quantity > MaxQuantity {
			bounds.add(fault.Invalid, fault.ReasonInvalidField, fmt.Sprintf("lines[%d].quantity", i),
				fmt.Sprintf("must be 1 to %d, got %d", MaxQuantity, line.Quantity))
		}
		if at, again := first[line.Code]; again {
			duplicate.add(fault.Invalid, ReasonDuplicateLine, path,
				fmt.Sprintf("%q is on line %d already: put the quantities together", line.Code, at))
			continue
		}
		first[line.Code] = i
		product, known := products[line.Code]
		switch {
		case !known || product.Status == ProductDraft:
			unknown.add(fault.NotFound, ReasonProductNotFound, path, fmt.Sprintf("no product has the code %q", line.Code))
		case product.Status == ProductArchived:
			archived.add(fault.FailedPrecondition, ReasonProductArchived, path, fmt.Sprintf("%q is not sold any more", line.Code))
		case currency == "":
			currency, currencyLine = product.Price.Currency, i
		case product.Price.Currency != currency:
			mixed.add(fault.Invalid, ReasonCurrencyMixed, path,
				fmt.Sprintf("%q is priced in %s, line %d in %s: order them apart", line.Code, product.Price.Currency, currencyLine, currency))
		}
	}
	for _, broken := range []refusal{bounds, duplicate, unknown, archived, mixed} {
		if broken.fault != nil {
			return broken.fault
		}
	}
	return nil
}
