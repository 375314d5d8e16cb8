package order

import (
	"time"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	storefrontv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/storefront/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// processingWindow is how long an order waits for a payment that a bank works on: the
// slowest bank debits that Stripe takes need a week.
const processingWindow = 7 * 24 * time.Hour

func readSettings(loaded *orderv1.Settings) (domain.Settings, error) {
	return domain.Settings{
		MaxUnpaid:      int(loaded.GetMaxUnpaidOrders()),
		PaymentMethods: methodsOf(loaded),
		Retry:          domain.RetryPolicy{After: loaded.GetRetryAfter().AsDuration()},

		IdempotencyRetention: loaded.GetIdempotencyRetention().AsDuration(),
		EventRetention:       loaded.GetEventRetention().AsDuration(),
		HandlingTime:         loaded.GetHandlingTime().AsDuration(),
	}, nil
}

// newZone has the shop's time zone read, which the storefront's settings state.
func newZone(open kitapp.OpenSettings) (*settings.Live[*time.Location], error) {
	source, err := open("storefront")
	if err != nil {
		return nil, err
	}
	return settings.NewLive(source, settings.Defaults[*storefrontv1.Settings](), func(loaded *storefrontv1.Settings) (*time.Location, error) {
		return time.LoadLocation(loaded.GetTimeZone())
	})
}

// methodsOf are the methods offered, each with the first rule that fits it.
func methodsOf(loaded *orderv1.Settings) domain.PaymentMethods {
	var rules domain.PaymentMethods
	for _, rule := range loaded.GetPaymentMethodRules() {
		method := methodOf(rule)
		rules = append(rules, method)
		for _, other := range rule.GetOtherMethods() {
			method.Name = other
			rules = append(rules, method)
		}
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
