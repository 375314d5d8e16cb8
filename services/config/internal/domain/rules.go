package domain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/money"
)

// Shop is the part of all contexts' settings that rules are about. An empty value means that
// nothing is set, and that the default keeps the rule.
type Shop struct {
	// Currencies, Emails, Lines, TimeZones and Regions are what must be a currency, an e-mail
	// address, a text of one line that somebody can see, a time zone and a country or territory.
	Currencies, Emails, Lines, TimeZones, Regions []Value
	// Texts are of several lines; one that is set has something to see.
	Texts []Value
	// CORSOrigins are the edge's.
	CORSOrigins []string
	// PaymentMethods are those that order offers.
	PaymentMethods []string
	// StripeKeySecret names the secret with which payment takes payments by Stripe.
	StripeKeySecret string
}

// Value is what is set at a path, such as "shop.currency".
type Value struct{ Path, Text string }

// The most characters that the contract lets a name, a subject or an announcement have, and a
// legal text. Names and subjects have a lower bound of their own there.
const (
	maxLine = 300
	maxText = 20_000
)

// Check returns the rules that the settings break, by the setting's path.
func (s Shop) Check() []fault.Violation {
	var broken []fault.Violation
	for _, kind := range []struct {
		values []Value
		check  func(text string) error
	}{
		{s.Currencies, checkCurrency}, {s.Emails, checkEmail}, {s.Lines, checkLine}, {s.Texts, checkText},
		{s.TimeZones, grammar.TimeZone}, {s.Regions, grammar.Region},
	} {
		for _, value := range kind.values {
			if err := kind.check(value.Text); err != nil {
				broken = append(broken, fault.Breaks(value.Path, err))
			}
		}
	}
	for i, origin := range s.CORSOrigins {
		if err := grammar.Origin(origin); err != nil {
			broken = append(broken, fault.Breaks(fmt.Sprintf("edge.cors_origins[%d]", i), err))
		}
	}
	for i, method := range s.PaymentMethods {
		if takenByStripe(method) && s.StripeKeySecret == "" {
			broken = append(broken, fault.Violation{
				Field: fmt.Sprintf("order.payment_methods[%d]", i),
				Description: fmt.Sprintf("%q is Stripe's, and payment.stripeKeySecret names no key of Stripe, so each such payment would be declined: "+
					"name one there first, or take the method out of order.paymentMethods", method),
			})
		}
	}
	return broken
}

func checkCurrency(code string) error {
	if !money.Valid(code) {
		return fmt.Errorf("%q is no ISO 4217 code of a currency in use", code)
	}
	return nil
}

func checkEmail(address string) error {
	_, err := grammar.Email(address)
	return err
}

func checkLine(text string) error { return grammar.RequiredLine(text, maxLine) }

func checkText(text string) error { return grammar.RequiredText(text, maxText) }

// BrokenBy returns the rules that settings break after a change of a context's: all of that
// context, and those of others that held before. What was stored when another release's rules
// held keeps nobody from changing something else.
func (s Shop) BrokenBy(context string, before Shop) []fault.Violation {
	earlier := before.Check()
	return slices.DeleteFunc(s.Check(), func(v fault.Violation) bool {
		return !strings.HasPrefix(v.Field, context+".") && slices.Contains(earlier, v)
	})
}

// NeedsProof reports whether a change of these fields of a context needs a recent proof of
// who makes it: in whose name the shop's customers get mail, where links in mails and banks'
// pages lead them, who takes their money, and what decides when a proof is needed.
func NeedsProof(context string, changedPaths []string) bool {
	var proven []string
	switch context {
	case "shop":
		proven = []string{"sender_email", "sender_name", "reply_to_email", "legal_notices"}
	case "payment":
		proven = []string{"return_url", "refund_step_up_limits", "stripe_key_secret", "stripe_webhook_secrets"}
	case "identity":
		proven = []string{"step_up_age", "require_staff_totp"}
	}
	return slices.ContainsFunc(changedPaths, func(path string) bool {
		field, _, _ := strings.Cut(path, ".")
		return slices.Contains(proven, field)
	})
}

// takenByStripe reports whether what order offers holds a method that Stripe takes. One
// that ends in "*" stands for all that begin so.
func takenByStripe(offered string) bool {
	const own = "pm_"
	begin, open := strings.CutSuffix(offered, "*")
	return strings.HasPrefix(begin, own) || open && strings.HasPrefix(own, begin) || stands(offered, checkout)
}

// checkout is the method of which customers pay on Stripe's page.
const checkout = "stripe_checkout"

// stands reports whether what order offers names a method. "*" offers whatever there is, and
// names none.
func stands(offered, method string) bool {
	begin, open := strings.CutSuffix(offered, "*")
	return offered == method || open && begin != "" && strings.HasPrefix(method, begin)
}
