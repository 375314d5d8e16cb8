package config_test

import (
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/config"
)

// A form shows beside what is set what holds where nobody set anything, and a change of the
// settings changes no default.
func TestSettingsComeWithTheirDefaults(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	h.setOrder(&orderv1.Settings{MaxUnpaidOrders: new(int32(3))})
	set, defaults := h.withDefaults("order")
	if set.GetOrder().GetMaxUnpaidOrders() != 3 || set.GetOrder().PaymentWindow != nil {
		t.Errorf("set is %v", set)
	}
	of := defaults.GetOrder()
	if of.GetMaxUnpaidOrders() != 20 || of.GetPaymentWindow().AsDuration() != 30*time.Minute || len(of.GetPaymentMethods()) != 5 || len(of.GetPaymentMethodRules()) != 1 {
		t.Errorf("the defaults are %v", of)
	}
	if defaults.GetContext() != "order" || defaults.GetVersion() != 0 || defaults.GetEtag() != "" || defaults.GetUpdateTime() != nil || defaults.GetActor() != "" {
		t.Errorf("the defaults are shown as a version: %v", defaults)
	}
	if _, shop := h.withDefaults("shop"); shop.GetShop().GetName() != "Shopmesh" || shop.GetShop().GetCurrency() != "EUR" || shop.GetShop().SenderName != nil {
		t.Errorf("the shop's defaults are %v", shop)
	}
	if _, own := h.withDefaults("identity"); own.GetIdentity().RequireStaffTotp == nil || own.GetIdentity().GetRequireStaffTotp() {
		t.Errorf("identity's defaults are %v", own)
	}
	_, err := h.GetSettings(t.Context(), &configv1.GetSettingsRequest{Context: "nobody"})
	testkit.Refused(t, err, connect.CodeNotFound, "CONTEXT_NOT_FOUND")
}

// A process that limits calls has rates by default, and a service alone has none.
func TestTheEdgesDefaultsAreThoseOfItsProcess(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	if _, alone := h.withDefaults("edge"); alone.GetEdge().GetReadsRate() != "off" || alone.GetEdge().GetMailsRate() != "off" {
		t.Errorf("a service alone has %v", alone)
	}
	addresses, _ := apptest.Serve(t, kitapp.Process{
		Name: "shopmesh", Authenticator: testkit.Everyone(authz.Identity{Kind: authz.Owner}), Edge: kitapp.Edge{Limited: true},
	}, config.Module(config.Config{Context: kitapp.ContextConfig{Database: pg.Config{URL: h.database}, Kafka: h.broker}}))
	h.ConfigServiceClient = configv1connect.NewConfigServiceClient(testkit.Client(t, addresses.API))
	if _, limited := h.withDefaults("edge"); limited.GetEdge().GetReadsRate() != "6000/min" || limited.GetEdge().GetMailsRate() != "20/h" {
		t.Errorf("a process that limits has %v", limited)
	}
}

// Each field has a default, or a meaning of its own where nobody set it, which its comment
// states: whoever adds a field decides. An owner who starts from the defaults may set them.
func TestEveryFieldHasADefaultOrIsKnownToHaveNone(t *testing.T) {
	t.Parallel()
	none := []protoreflect.FullName{
		"shopmesh.shop.v1.Settings.sender_name", "shopmesh.shop.v1.Settings.reply_to_email",
		"shopmesh.shop.v1.Settings.mail_subjects", "shopmesh.shop.v1.Settings.legal_notices",
		"shopmesh.edge.v1.Settings.cors_origins",
		"shopmesh.storefront.v1.Settings.announcements", "shopmesh.storefront.v1.Settings.regions", "shopmesh.storefront.v1.Settings.legal_texts",
		"shopmesh.storefront.v1.Settings.carriers",
		"shopmesh.payment.v1.Settings.return_url",
		"shopmesh.payment.v1.Settings.stripe_key_secret", "shopmesh.payment.v1.Settings.stripe_webhook_secrets",
	}
	contexts := (&configv1.Settings{}).ProtoReflect().Descriptor().Oneofs().ByName("value").Fields()
	for i := range contexts.Len() {
		set := (&configv1.Settings{}).ProtoReflect()
		defaults := set.Mutable(contexts.Get(i)).Message()
		settings.FillDefaults(defaults.Interface())
		if broken, err := settings.Violations(defaults.Interface()); err != nil || len(broken) > 0 {
			t.Errorf("the defaults of %s: %v, %v", contexts.Get(i).Name(), broken, err)
		}
		fields := defaults.Descriptor().Fields()
		for i := range fields.Len() {
			field := fields.Get(i)
			stated := proto.HasExtension(field.Options(), optionsv1.E_DefaultJson)
			if stated == slices.Contains(none, field.FullName()) {
				t.Errorf("%s: states a default: %t", field.FullName(), stated)
			}
		}
	}
}
