package domain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
)

// Shop is what the settings of all contexts say together, as far as a rule is about it. An
// empty value is that nothing is set, and the default fits.
type Shop struct {
	// DefaultCurrency is catalog's.
	DefaultCurrency string
	// PaymentMethods are those that order offers.
	PaymentMethods []string
	// Providers are the payment providers that payment has credentials of.
	Providers []string
}

// Stripe is the payment provider that takes cards.
const Stripe = "stripe"

// Check returns the rules that the settings break, by the setting's path.
func (s Shop) Check() []fault.Violation {
	var broken []fault.Violation
	if s.DefaultCurrency != "" && !money.Valid(s.DefaultCurrency) {
		broken = append(broken, fault.Violation{
			Field: "catalog.default_currency", Description: fmt.Sprintf("%q is no ISO 4217 code of a currency in use", s.DefaultCurrency),
		})
	}
	for i, method := range s.PaymentMethods {
		if takenByStripe(method) && !slices.Contains(s.Providers, Stripe) {
			broken = append(broken, fault.Violation{
				Field: fmt.Sprintf("order.payment_methods[%d]", i),
				Description: fmt.Sprintf("%q is Stripe's, and payment has no key of Stripe, so each such payment would be declined: "+
					"give payment SHOPMESH_STRIPE_KEY, or take the method out of order.paymentMethods", method),
			})
		}
	}
	return broken
}

// NeedsProof reports whether a change of these fields of a context needs a recent proof of
// who makes it: whoever may write to the shop's customers in its name.
func NeedsProof(context string, changedPaths []string) bool {
	return context == "notification" &&
		(slices.Contains(changedPaths, "sender_email") || slices.Contains(changedPaths, "reply_to_email"))
}

// takenByStripe reports whether what order offers holds a method that Stripe takes. One
// that ends in "*" stands for all that begin so.
func takenByStripe(offered string) bool {
	const own = "pm_"
	begin, open := strings.CutSuffix(offered, "*")
	return strings.HasPrefix(begin, own) || open && strings.HasPrefix(own, begin)
}
