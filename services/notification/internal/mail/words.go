package mail

import (
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// words are what a mail says beside its template in a language.
type words struct {
	imprint, terms, privacy, withdrawal string
	shipping, tax, discount, adjustment string
}

func wordsOf(language domain.Language) words {
	if language == domain.German {
		return words{
			imprint: "Impressum", terms: "Allgemeine Geschäftsbedingungen", privacy: "Datenschutz", withdrawal: "Widerrufsrecht",
			shipping: "Versand", tax: "Steuer", discount: "Rabatt", adjustment: "Anpassung",
		}
	}
	return words{
		imprint: "Imprint", terms: "Terms and conditions", privacy: "Privacy", withdrawal: "Right of withdrawal",
		shipping: "Delivery", tax: "Tax", discount: "Discount", adjustment: "Adjustment",
	}
}

// notice is what a link to a legal notice is called.
func (w words) notice(notice domain.LegalNotice) string {
	switch notice {
	case domain.Imprint:
		return w.imprint
	case domain.Terms:
		return w.terms
	case domain.Privacy:
		return w.privacy
	default:
		return w.withdrawal
	}
}

// label is what an adjustment is called.
func (w words) label(a Adjustment) string {
	if a.Label != "" {
		return a.Label
	}
	switch a.Kind {
	case orderv1.AdjustmentKind_ADJUSTMENT_KIND_SHIPPING:
		return w.shipping
	case orderv1.AdjustmentKind_ADJUSTMENT_KIND_TAX:
		return w.tax
	case orderv1.AdjustmentKind_ADJUSTMENT_KIND_DISCOUNT:
		return w.discount
	default:
		return w.adjustment
	}
}
