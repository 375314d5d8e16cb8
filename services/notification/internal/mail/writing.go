package mail

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bojanz/currency"
	"golang.org/x/text/language/display"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	exact "github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// writing is how a version of the templates writes values in a language.
type writing struct {
	amount  func(exact.Money) string
	time    func(time.Time) string
	regions display.Namer
	// word returns the name of a field, an adjustment or a legal notice, by its id.
	word func(id string) string
}

// newWriting writes values as a language does.
func newWriting(language domain.Language, says texts) writing {
	return writing{
		amount: amountsIn(language), regions: regionsIn(language).Regions(),
		time: says.time, word: func(id string) string { return says[id] },
	}
}

func regionsIn(language domain.Language) *display.Dictionary {
	switch language {
	case domain.German:
		return display.German
	case domain.Arabic:
		return display.Arabic
	default:
		return display.English
	}
}

// amountsIn writes amounts as a language does, with all digits of their currency: as the
// pages of the shop do. An amount without a currency is none.
func amountsIn(language domain.Language) func(exact.Money) string {
	formatter := currency.NewFormatter(currency.NewLocale(string(language)))
	return func(m exact.Money) string {
		amount, err := currency.NewAmount(m.Decimal(), m.Currency)
		if err != nil {
			return ""
		}
		return formatter.Format(amount)
	}
}

// time writes a time with the name of its month.
func (t texts) time(at time.Time) string {
	at = at.UTC()
	return strings.NewReplacer(
		"{{.Day}}", strconv.Itoa(at.Day()), "{{.Month}}", t[fmt.Sprintf("month.%d", at.Month())],
		"{{.Year}}", strconv.Itoa(at.Year()), "{{.Clock}}", at.Format("15:04"),
	).Replace(t["time"])
}

// notice is what a link to a legal notice is called.
func (w writing) notice(notice domain.LegalNotice) string {
	switch notice {
	case domain.Imprint:
		return w.word("notice.imprint")
	case domain.Terms:
		return w.word("notice.terms")
	case domain.Privacy:
		return w.word("notice.privacy")
	default:
		return w.word("notice.withdrawal")
	}
}

// label is what an adjustment is called.
func (w writing) label(a Adjustment) string {
	if a.Label != "" {
		return a.Label
	}
	switch a.Kind {
	case orderv1.AdjustmentKind_ADJUSTMENT_KIND_SHIPPING:
		return w.word("adjustment.shipping")
	case orderv1.AdjustmentKind_ADJUSTMENT_KIND_TAX:
		return w.word("adjustment.tax")
	case orderv1.AdjustmentKind_ADJUSTMENT_KIND_DISCOUNT:
		return w.word("adjustment.discount")
	default:
		return w.word("adjustment.other")
	}
}

// change is a corrected field by its name, and its value for people.
func (w writing) change(c Change) pageChange {
	value := c.Value
	if c.Removed {
		value = w.word("change.none")
	}
	return pageChange{w.word("change." + c.Field), value}
}
