package domain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
)

// PaymentMethod is a way to pay that the shop offers, with what it can take.
type PaymentMethod struct {
	// Name is the method's; one that ends in "*" stands for all that begin so, because
	// every card has a method of its own: "pm_*".
	Name string
	// Currencies are those that it takes; empty for any.
	Currencies []string
	// Limits are those of a currency; Default holds where a currency has none.
	Limits  map[string]AmountLimit
	Default AmountLimit
	// Window is how long an order may wait for its payment by this method, and
	// Processing how long once the bank works on it.
	Window, Processing time.Duration
}

// AmountLimit is what a method takes in a currency, in its minor unit; 0 is no limit.
type AmountLimit struct {
	Smallest int64
	Largest  int64
	// Step divides every amount.
	Step int64
}

// PaymentMethods are those that the shop offers.
type PaymentMethods []PaymentMethod

// Find returns the method of a name; false when it is not offered.
func (m PaymentMethods) Find(name string) (PaymentMethod, bool) {
	for _, method := range m {
		prefix, all := strings.CutSuffix(method.Name, "*")
		if method.Name == name || all && strings.HasPrefix(name, prefix) {
			return method, true
		}
	}
	return PaymentMethod{}, false
}

// Names returns the names of all methods, as they are offered.
func (m PaymentMethods) Names() []string {
	names := make([]string, len(m))
	for i, method := range m {
		names[i] = method.Name
	}
	return names
}

// Fitting returns the names of the methods that can take an amount.
func (m PaymentMethods) Fitting(total money.Money) []string {
	var names []string
	for _, method := range m {
		if method.unfit(total) == "" {
			names = append(names, method.Name)
		}
	}
	return names
}

// unfit returns why the method can't take an amount; empty when it can.
func (m PaymentMethod) unfit(total money.Money) string {
	if len(m.Currencies) > 0 && !slices.Contains(m.Currencies, total.Currency) {
		return "it does not take " + total.Currency
	}
	limit, own := m.Limits[total.Currency]
	if !own {
		limit = m.Default
	}
	amount := func(minor int64) string { return money.Money{Currency: total.Currency, Amount: minor}.String() }
	switch {
	case total.Amount < limit.Smallest:
		return "it takes " + amount(limit.Smallest) + " at least"
	case limit.Largest > 0 && total.Amount > limit.Largest:
		return "it takes " + amount(limit.Largest) + " at most"
	case limit.Step > 1 && total.Amount%limit.Step != 0:
		return "it takes multiples of " + amount(limit.Step)
	default:
		return ""
	}
}

// cards is what the payment methods of Stripe begin with.
const cards = "pm_"

// find returns a method that is offered and can take the total, or refuses.
func (m PaymentMethods) find(name string, total money.Money) (PaymentMethod, error) {
	method, ok := m.Find(name)
	if !ok {
		return method, notOffered(m.Names(), name)
	}
	if why := method.unfit(total); why != "" {
		fitting := m.Fitting(total)
		advice := "no method of this shop can take it"
		if len(fitting) > 0 {
			advice = "choose one of " + strings.Join(fitting, ", ")
		}
		return method, fault.New(fault.FailedPrecondition, ReasonPaymentMethodUnfit,
			"%s can't be paid by %q, %s: %s", total, name, why, advice).
			Field("payment_method", why).With("fitting", strings.Join(fitting, ","))
	}
	return method, nil
}

func notOffered(methods []string, method string) error {
	offered := strings.Join(methods, ", ")
	advice := ""
	if strings.HasPrefix(method, cards) && !slices.ContainsFunc(methods, func(o string) bool { return strings.HasPrefix(o, cards) }) {
		advice = fmt.Sprintf("; to take cards, the shop's owner sets payment's stripeKeySecret, and order's %s", `paymentMethods: ["pm_*"]`)
	}
	return fault.New(fault.Invalid, ReasonPaymentMethodUnknown,
		"the payment method %q is not offered: choose one of %s%s", method, offered, advice).
		Field("payment_method", "must be one of "+offered).With("offered", strings.Join(methods, ","))
}
