// Package protoconv translates versions of settings. It knows the contexts by the fields of
// the oneof in shopmesh.config.v1.Settings: one more context is one more field there.
package protoconv

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	storefrontv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/storefront/v1"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/config/internal/domain"
)

func fields() protoreflect.FieldDescriptors {
	return (&configv1.Settings{}).ProtoReflect().Descriptor().Oneofs().ByName("value").Fields()
}

// Contexts are the names of all sets of settings: those of contexts, of the shop as a whole
// and of the edge.
func Contexts() []string {
	all := make([]string, fields().Len())
	for i := range all {
		all[i] = string(fields().Get(i).Name())
	}
	return all
}

// CheckContext refuses a context that has no settings. Errors: CONTEXT_NOT_FOUND.
func CheckContext(context string) error {
	if fields().ByName(protoreflect.Name(context)) == nil {
		return domain.ErrContextNotFound(context, Contexts())
	}
	return nil
}

// Empty returns the settings of a known context in which nothing is set.
func Empty(context string) *configv1.Settings {
	set := &configv1.Settings{Context: context}
	set.ProtoReflect().Mutable(fields().ByName(protoreflect.Name(context)))
	return set
}

// Value returns the context's own message, which is made where it is missing.
func Value(set *configv1.Settings) proto.Message {
	return set.ProtoReflect().Mutable(fields().ByName(protoreflect.Name(set.GetContext()))).Message().Interface()
}

// Defaults returns what holds in a known context where nothing was ever set, as its contract
// states it.
func Defaults(context string) *configv1.Settings {
	set := Empty(context)
	settings.FillDefaults(Value(set))
	return set
}

// Settings translates a version of a known context. The error names the fields that are
// stored in a form that can't be read; they are left out of the result, which is good
// without them.
func Settings(v domain.Version) (*configv1.Settings, error) {
	set := Empty(v.Context)
	set.Version, set.Etag, set.Actor = v.Version, v.Etag(), v.Actor
	if v.Version == 0 {
		return set, nil
	}
	set.UpdateTime = timestamppb.New(v.Time)
	return set, settings.Decode(v.Value, Value(set))
}

// SettingsVersion translates a version for the list; what can't be read is left out.
func SettingsVersion(v domain.Version) *configv1.SettingsVersion {
	set, _ := Settings(v)
	return &configv1.SettingsVersion{Settings: set, ChangedPaths: v.ChangedPaths, RestoredVersion: v.Restored}
}

// Shop gathers what the rules across contexts are about.
func Shop(of func(context string) *configv1.Settings) domain.Shop {
	shop, order, pages := of("shop").GetShop(), of("order").GetOrder(), of("storefront").GetStorefront()
	return domain.Shop{
		Currencies: currencies(shop, order, of("payment").GetPayment()),
		Emails: set(
			domain.Value{Path: "shop.sender_email", Text: shop.GetSenderEmail()},
			domain.Value{Path: "shop.reply_to_email", Text: shop.GetReplyToEmail()},
		),
		Lines:           lines(shop, pages),
		Texts:           legalTexts(pages),
		TimeZones:       set(domain.Value{Path: "storefront.time_zone", Text: pages.GetTimeZone()}),
		Regions:         regions(pages),
		CORSOrigins:     of("edge").GetEdge().GetCorsOrigins(),
		PaymentMethods:  order.GetPaymentMethods(),
		StripeKeySecret: of("payment").GetPayment().GetStripeKeySecret(),
	}
}

func currencies(shop *shopv1.Settings, order *orderv1.Settings, payment *paymentv1.Settings) []domain.Value {
	all := []domain.Value{{Path: "shop.currency", Text: shop.GetCurrency()}}
	for i, rule := range order.GetPaymentMethodRules() {
		at := fmt.Sprintf("order.payment_method_rules[%d].", i)
		for j, currency := range rule.GetCurrencies() {
			all = append(all, domain.Value{Path: fmt.Sprintf("%scurrencies[%d]", at, j), Text: currency})
		}
		for j, limit := range rule.GetLimits() {
			all = append(all, domain.Value{Path: fmt.Sprintf("%slimits[%d].currency", at, j), Text: limit.GetCurrency()})
		}
	}
	for i, limit := range payment.GetRefundStepUpLimits() {
		all = append(all, domain.Value{Path: fmt.Sprintf("payment.refund_step_up_limits[%d].currency", i), Text: limit.GetCurrency()})
	}
	return set(all...)
}

func lines(shop *shopv1.Settings, pages *storefrontv1.Settings) []domain.Value {
	all := []domain.Value{{Path: "shop.name", Text: shop.GetName()}, {Path: "shop.sender_name", Text: shop.GetSenderName()}}
	for i, subject := range shop.GetMailSubjects() {
		all = append(all, domain.Value{Path: fmt.Sprintf("shop.mail_subjects[%d].subject", i), Text: subject.GetSubject()})
	}
	for i, announcement := range pages.GetAnnouncements() {
		all = append(all, domain.Value{Path: fmt.Sprintf("storefront.announcements[%d].text", i), Text: announcement.GetText()})
	}
	for i, carrier := range pages.GetCarriers() {
		all = append(all, domain.Value{Path: fmt.Sprintf("storefront.carriers[%d].name", i), Text: carrier.GetName()})
	}
	return set(all...)
}

func legalTexts(pages *storefrontv1.Settings) []domain.Value {
	var all []domain.Value
	for i, texts := range pages.GetLegalTexts() {
		at := fmt.Sprintf("storefront.legal_texts[%d].", i)
		all = append(all,
			domain.Value{Path: at + "imprint", Text: texts.GetImprint()}, domain.Value{Path: at + "terms", Text: texts.GetTerms()},
			domain.Value{Path: at + "privacy", Text: texts.GetPrivacy()}, domain.Value{Path: at + "withdrawal", Text: texts.GetWithdrawal()},
			domain.Value{Path: at + "shipping", Text: texts.GetShipping()},
		)
	}
	return set(all...)
}

func regions(pages *storefrontv1.Settings) []domain.Value {
	var all []domain.Value
	for i, region := range pages.GetRegions() {
		all = append(all, domain.Value{Path: fmt.Sprintf("storefront.regions[%d]", i), Text: region})
	}
	return all
}

// set leaves out what is not set: where a text may be empty, the contract gives it a meaning.
func set(all ...domain.Value) []domain.Value {
	return slices.DeleteFunc(all, func(v domain.Value) bool { return v.Text == "" })
}
