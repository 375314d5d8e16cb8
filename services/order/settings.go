package order

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// processingWindow is how long an order waits for a payment that a bank works on: the
// slowest bank debits that Stripe takes need a week.
const processingWindow = 7 * 24 * time.Hour

// DefaultSettings are what holds where an owner set nothing.
func DefaultSettings() *orderv1.Settings {
	return &orderv1.Settings{
		PaymentWindow:   durationpb.New(30 * time.Minute),
		RetryAfter:      durationpb.New(30 * time.Second),
		MaxUnpaidOrders: proto.Int32(20),

		IdempotencyRetention: durationpb.New(idempotency.Retention),
		EventRetention:       durationpb.New(kafka.DefaultRetention),
		PaymentMethods: []string{
			"sandbox_ok", "sandbox_declined", "sandbox_slow", "sandbox_unknown_then_ok", "sandbox_unknown_then_declined",
		},
		PaymentMethodRules: []*orderv1.PaymentMethodRule{stripeRule()},
	}
}

// stripeRule is what Stripe takes (https://docs.stripe.com/currencies): at most eight
// digits, a smallest amount for the currencies in which it pays out, and currencies of
// three digits in tens.
func stripeRule() *orderv1.PaymentMethodRule {
	const largest = 99_999_999
	rule := &orderv1.PaymentMethodRule{
		Method: "pm_*", ProcessingWindow: durationpb.New(processingWindow),
		Limits: []*orderv1.PaymentLimit{{Smallest: 1, Largest: largest}},
	}
	for _, limit := range []struct {
		currency string
		smallest int64
	}{
		{"AED", 200}, {"AUD", 50}, {"BRL", 50}, {"CAD", 50}, {"CHF", 50}, {"CZK", 1500}, {"DKK", 250},
		{"EUR", 50}, {"GBP", 30}, {"HKD", 400}, {"HUF", 17500}, {"INR", 50}, {"JPY", 50}, {"MXN", 1000}, {"MYR", 200},
		{"NOK", 300}, {"NZD", 50}, {"PLN", 200}, {"RON", 200}, {"SEK", 300}, {"SGD", 50}, {"THB", 1000}, {"USD", 50},
	} {
		rule.Limits = append(rule.Limits, &orderv1.PaymentLimit{Currency: limit.currency, Smallest: limit.smallest, Largest: largest})
	}
	for _, currency := range []string{"BHD", "JOD", "KWD", "OMR", "TND"} {
		rule.Limits = append(rule.Limits, &orderv1.PaymentLimit{Currency: currency, Smallest: 10, Largest: largest, Step: 10})
	}
	return rule
}

func readSettings(loaded *orderv1.Settings) (domain.Settings, error) {
	return domain.Settings{
		MaxUnpaid:      int(loaded.GetMaxUnpaidOrders()),
		PaymentMethods: methodsOf(loaded),
		Retry:          domain.RetryPolicy{After: loaded.GetRetryAfter().AsDuration()},

		IdempotencyRetention: loaded.GetIdempotencyRetention().AsDuration(),
		EventRetention:       loaded.GetEventRetention().AsDuration(),
	}, nil
}

// methodsOf are the methods offered, each with the first rule that fits it.
func methodsOf(loaded *orderv1.Settings) domain.PaymentMethods {
	rules := make(domain.PaymentMethods, len(loaded.GetPaymentMethodRules()))
	for i, rule := range loaded.GetPaymentMethodRules() {
		rules[i] = methodOf(rule)
	}
	methods := make(domain.PaymentMethods, len(loaded.GetPaymentMethods()))
	for i, name := range loaded.GetPaymentMethods() {
		methods[i], _ = rules.Find(name)
		methods[i].Name = name
		if methods[i].Window == 0 {
			methods[i].Window = loaded.GetPaymentWindow().AsDuration()
		}
		if methods[i].Processing == 0 {
			methods[i].Processing = processingWindow
		}
	}
	return methods
}

func methodOf(rule *orderv1.PaymentMethodRule) domain.PaymentMethod {
	method := domain.PaymentMethod{
		Name: rule.GetMethod(), Currencies: rule.GetCurrencies(), Limits: make(map[string]domain.AmountLimit, len(rule.GetLimits())),
		Window: rule.GetPaymentWindow().AsDuration(), Processing: rule.GetProcessingWindow().AsDuration(),
	}
	for _, limit := range rule.GetLimits() {
		bounds := domain.AmountLimit{Smallest: limit.GetSmallest(), Largest: limit.GetLargest(), Step: limit.GetStep()}
		if limit.GetCurrency() == "" {
			method.Default = bounds
			continue
		}
		method.Limits[limit.GetCurrency()] = bounds
	}
	return method
}
