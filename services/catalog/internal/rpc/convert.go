package rpc

import (
	"errors"
	"strings"

	"github.com/google/uuid"
	pb "google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// reader translates a request's fields and gathers those that it can't.
type reader struct {
	wrong []fault.Violation
}

func (r *reader) refuse(field string, err error) {
	r.wrong = append(r.wrong, fault.Breaks(field, err))
}

// err returns the fault, and a true nil when everything could be read.
func (r *reader) err() error {
	if broken := fault.Fields(r.wrong...); broken != nil {
		return broken
	}
	return nil
}

// addNew adds the violations that the domain found, apart from those of fields that
// could not be read: the domain got these empty.
func (r *reader) addNew(found []fault.Violation) {
	unread := make(map[string]bool, len(r.wrong))
	for _, violation := range r.wrong {
		unread[fieldOf(violation)] = true
	}
	for _, violation := range found {
		if !unread[fieldOf(violation)] {
			r.wrong = append(r.wrong, violation)
		}
	}
}

// fieldOf cuts a path down to the resource's field: product.price of
// product.price.units.
func fieldOf(violation fault.Violation) string {
	parts := strings.SplitN(violation.Field, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// id reads an id that may be empty, which is uuid.Nil.
func (r *reader) id(field, text string) uuid.UUID {
	if text == "" {
		return uuid.Nil
	}
	id, err := grammar.UUID(text)
	if err != nil {
		r.refuse(field, err)
	} else if id == uuid.Nil {
		r.refuse(field, fault.Breach(fault.RuleMalformed, "must not be the all-zero UUID: leave it empty for none"))
	}
	return id
}

// requestID reads a request_id that may be empty, which is uuid.Nil.
func (r *reader) requestID(text string) uuid.UUID {
	if text == "" {
		return uuid.Nil
	}
	id, err := grammar.RequestID(text)
	if err != nil {
		r.refuse("request_id", err)
	}
	return id
}

// newPrice reads a new product's price. An amount without a currency is in the default
// currency. A price without either counts as missing: a product that costs nothing
// has to name its currency.
func (r *reader) newPrice(price *pb.Money, defaultCurrency string) money.Money {
	switch {
	case price == nil || price.GetCurrencyCode() != "":
		return r.price(price)
	case price.GetUnits() == 0 && price.GetNanos() == 0:
		r.refuse("product.price", fault.Breach(fault.RuleRequired, "is empty: give units or nanos, or the currency_code of a product that costs nothing"))
		return money.Money{}
	}
	return r.price(&pb.Money{CurrencyCode: defaultCurrency, Units: price.GetUnits(), Nanos: price.GetNanos()})
}

// price reads what a product costs.
func (r *reader) price(price *pb.Money) money.Money {
	const field = "product.price"
	if price == nil {
		r.refuse(field, fault.Breach(fault.RuleRequired, "is required"))
		return money.Money{}
	}
	currency := price.GetCurrencyCode()
	amount, err := moneypb.FromProto(price)
	switch {
	case err == nil:
	case errors.Is(err, money.ErrCurrency):
		r.refuse(field+".currency_code", fault.Breach(fault.RuleCurrency, "must be an ISO 4217 code, is %.80q", currency))
	case errors.Is(err, money.ErrOverflow):
		r.refuse(field+".units", err)
	default:
		r.refuse(field+".nanos", err)
	}
	return amount
}

// status reads a status; unspecified is empty.
func (r *reader) status(status catalogv1.ProductStatus) domain.Status {
	switch status {
	case catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED:
		return ""
	case catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT:
		return domain.Draft
	case catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE:
		return domain.Active
	case catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED:
		return domain.Archived
	default:
		r.refuse("product.status", fault.Breach(fault.RuleNotOneOf, "must be DRAFT, ACTIVE or ARCHIVED, is %d", status))
		return ""
	}
}

func images(pictures []*catalogv1.ProductImage) []domain.Image {
	read := make([]domain.Image, len(pictures))
	for i, picture := range pictures {
		read[i] = domain.Image{URL: picture.GetUrl(), AltText: picture.GetAltText()}
	}
	return read
}
