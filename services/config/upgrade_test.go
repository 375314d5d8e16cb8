package config_test

import (
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"connectrpc.com/connect/v2"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/config"
)

// What was set of the shop while notification and catalog had it goes on holding.
func TestAnUpgradeKeepsWhatIsSetOfTheShop(t *testing.T) {
	t.Parallel()
	const first = "00001_settings_versions.sql"
	text, err := fs.ReadFile(config.Migrations(), first)
	if err != nil {
		t.Fatal(err)
	}
	url := testkit.DatabaseURL(t, fstest.MapFS{first: {Data: text}})
	h := harness{t: t, pool: testkit.Open(t, pg.Config{URL: url}), database: url, broker: testkit.Broker(t)}
	if _, err := h.pool.Exec(t.Context(), `insert into settings_versions (context, version, id, value, actor, changed_paths, create_time) values
		('notification', 1, gen_random_uuid(), '{"shopName": "Hill"}', 'owner', '{shop_name}', now()),
		('notification', 2, gen_random_uuid(), '{"shopName": "Hill & Dale", "senderEmail": "shop@hill.example", "retryAfter": "2s"}', 'owner', '{}', now()),
		('catalog', 1, gen_random_uuid(), '{"defaultCurrency": "CHF"}', 'owner', '{default_currency}', now()),
		('order', 1, gen_random_uuid(), '{"maxUnpaidOrders": 3}', 'owner', '{max_unpaid_orders}', now())`); err != nil {
		t.Fatal(err)
	}
	h = h.replica(authz.Identity{Kind: authz.Owner}, "")
	if shop := h.current("shop"); shop.GetVersion() != 1 || shop.GetShop().GetName() != "Hill & Dale" || shop.GetShop().GetCurrency() != "CHF" ||
		shop.GetShop().GetSenderEmail() != "shop@hill.example" || shop.GetShop().ReplyToEmail != nil {
		t.Errorf("the shop's settings are %v", shop)
	}
	if mails := h.current("notification"); mails.GetVersion() != 3 || mails.GetNotification().GetRetryAfter().GetSeconds() != 2 {
		t.Errorf("notification's settings are %v", mails)
	}
	if order := h.current("order"); order.GetVersion() != 1 || order.GetOrder().GetMaxUnpaidOrders() != 3 {
		t.Errorf("order's settings are %v", order)
	}
	list, err := h.ListSettingsVersions(t.Context(), &configv1.ListSettingsVersionsRequest{Context: "shop"})
	if err != nil || len(list.GetVersions()) != 1 || !slices.Equal(list.GetVersions()[0].GetChangedPaths(), []string{"currency", "name", "sender_email"}) {
		t.Errorf("%v, %v", list, err)
	}
}

// What an earlier release let through and today's rules refuse keeps nobody from changing
// what has nothing to do with it. Who changes that context's settings mends it with that.
func TestWhatAnEarlierReleaseStoredBlocksNoOtherContext(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ada")
	if _, err := h.pool.Exec(t.Context(), `insert into settings_versions (context, version, id, value, actor, changed_paths, create_time)
		values ('order', 1, gen_random_uuid(), '{"paymentMethods": ["pm_card"]}', 'owner', '{payment_methods}', now())`); err != nil {
		t.Fatal(err)
	}
	set := func(currency string) error {
		_, err := h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
			Context: "shop", Value: &configv1.Settings_Shop{Shop: &shopv1.Settings{Currency: &currency}},
		}})
		return err
	}
	if err := set("CHF"); err != nil {
		t.Errorf("another context's settings: %v", err)
	}
	testkit.Refused(t, set("XXY"), connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.shop.currency")
	_, err := h.UpdateSettings(t.Context(), orderSettings(&orderv1.Settings{MaxUnpaidOrders: new(int32(3))}))
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.order.payment_methods[0]")
}
