package mail

import (
	"time"

	"golang.org/x/text/language/display"

	exact "github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// The versions of the templates before the sixth have their texts in themselves and in the words
// below. They are English, but for the confirmation of an order, which the fifth has in German,
// too. All write values in the same way.

// firstWithTexts is the first version that has texts by language beside it.
const firstWithTexts = 6

// formerWriting is how these versions write values.
func formerWriting(language domain.Language) writing {
	words := formerEnglish
	if language == domain.German {
		words = formerGerman
	}
	return writing{
		amount: exact.Money.String, regions: display.English.Regions(),
		time: func(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04 UTC") },
		word: func(id string) string { return words[id] },
	}
}

var formerEnglish = texts{
	"notice.imprint": "Imprint", "notice.terms": "Terms and conditions", "notice.privacy": "Privacy", "notice.withdrawal": "Right of withdrawal",
	"adjustment.shipping": "Delivery", "adjustment.tax": "Tax", "adjustment.discount": "Discount", "adjustment.other": "Adjustment",
	"change.name": "Name", "change.email": "E-mail address", "change.phone": "Phone number", "change.address": "Delivery address",
	"change.carrier": "Carrier", "change.tracking_code": "Tracking code", "change.other": "Other details", "change.none": "none any more",
}

var formerGerman = texts{
	"notice.imprint": "Impressum", "notice.terms": "Allgemeine Geschäftsbedingungen", "notice.privacy": "Datenschutz", "notice.withdrawal": "Widerrufsrecht",
	"adjustment.shipping": "Versand", "adjustment.tax": "Steuer", "adjustment.discount": "Rabatt", "adjustment.other": "Anpassung",
}

// lastKind is the highest kind that a version has a template for: corrections were not
// mailed yet when the first was written, and links alone not before the fifth.
func lastKind(version int) domain.Kind {
	switch {
	case version == 1:
		return domain.OrderShipped
	case version < 5:
		return domain.TotpChanged
	default:
		return domain.LastKind
	}
}

// languages are those that a version has a kind of mail in.
func languages(version int, kind domain.Kind) []domain.Language {
	switch {
	case version >= firstWithTexts:
		return domain.Languages()
	case version == 5 && kind == domain.OrderConfirmed:
		return []domain.Language{domain.English, domain.German}
	default:
		return []domain.Language{domain.English}
	}
}
