package shop

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/fx"
	"google.golang.org/protobuf/types/known/durationpb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/config"
	"github.com/shopmesh/shopmesh/services/customer"
	"github.com/shopmesh/shopmesh/services/identity"
	"github.com/shopmesh/shopmesh/services/notification"
)

// node is a service as a process of its own, which a test stops and starts.
type node struct {
	t             *testing.T
	process       app.Process
	module        fx.Option
	url, internal string
	stop          func()
}

func (n *node) start() {
	n.t.Helper()
	if n.url == "" { // the first time; afterwards the peers know the address
		n.process.Listen = testkit.HeldAddress(n.t)
	}
	process := n.process
	process.Authenticator = testkit.Everyone(testkit.Owner())
	var addresses app.Addresses
	addresses, n.stop = apptest.Serve(n.t, process, n.module)
	n.url, n.internal = addresses.API, addresses.Internal
}

// follow makes a service that follows the settings of config.
func follow(t *testing.T, name string, config *node, module func(app.ContextConfig) fx.Option, database string) *node {
	t.Helper()
	return &node{t: t, process: app.Process{
		Name: name, Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0", Peers: map[string]string{"config": config.url}, NeedsPeers: true,
	}, module: module(app.ContextConfig{Database: pg.Config{URL: database}, Kafka: testkit.Broker(t), SoleWriter: true})}
}

// A valid change is live, and is kept with config dead over a restart of the service; when
// config is back, the next change is live again. `make bench` measures how soon a change is in
// force ("changed settings are in force after").
func TestServicesLiveWithoutConfig(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	context := func(url string) app.ContextConfig {
		return app.ContextConfig{Database: pg.Config{URL: url}, Kafka: broker, SoleWriter: true}
	}
	listen := app.Process{Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0"}
	settings, mails := &node{t: t, process: listen}, &node{t: t, process: listen}
	settings.process.Name, mails.process.Name = "config", "notification"
	settings.module = config.Module(config.Config{Context: context(testkit.DatabaseURL(t, config.Migrations()))})
	settings.start()
	mails.process.Peers, mails.process.NeedsPeers = map[string]string{"config": settings.url, "identity": "http://127.0.0.1:1", "order": "http://127.0.0.1:1"}, true
	mails.module = notification.Module(notification.Config{
		Context: context(testkit.DatabaseURL(t, notification.Migrations())), SMTPURL: "smtp://127.0.0.1:1",
	})
	mails.start()

	name := func(shop string) {
		t.Helper()
		client := configv1connect.NewConfigServiceClient(testkit.Client(t, settings.url))
		_, err := client.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
			Context: "shop", Value: &configv1.Settings_Shop{Shop: &shopv1.Settings{Name: &shop}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	mailsName := func(shop string) bool {
		client := notificationv1connect.NewNotificationServiceClient(testkit.Client(t, mails.url))
		res, err := client.PreviewTemplate(t.Context(), &notificationv1.PreviewTemplateRequest{Kind: notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED})
		return err == nil && strings.Contains(res.GetText(), shop)
	}
	name("Hill & Dale")
	testkit.Eventually(t, "the new name is in the mails", func() bool { return mailsName("Hill & Dale") })

	settings.stop()
	mails.stop()
	mails.start()
	if !mailsName("Hill & Dale") {
		t.Error("without config, the service forgot its settings")
	}
	settings.start()
	name("Dale & Hill")
	testkit.Eventually(t, "config is followed again", func() bool { return mailsName("Dale & Hill") })
}

// Rates and other sites' pages are set while a process serves, and hold from the first request
// on after a restart.
func TestTheEdgeIsSetWhileItServes(t *testing.T) {
	t.Parallel()
	settings := &node{t: t, process: app.Process{Name: "config", Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0"}}
	settings.module = config.Module(config.Config{Context: app.ContextConfig{
		Database: pg.Config{URL: testkit.DatabaseURL(t, config.Migrations())}, Kafka: testkit.Broker(t),
	}})
	settings.start()
	look := func() http.Header {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, settings.url+"/v1/settings/edge", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://shop.example")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.Header
	}
	if header := look(); header.Get("RateLimit-Policy") != "" || header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a service alone limits by default, or lets other sites in: %v", header)
	}
	client := configv1connect.NewConfigServiceClient(testkit.Client(t, settings.url))
	_, err := client.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "edge", Value: &configv1.Settings_Edge{Edge: &edgev1.Settings{ReadsRate: new("1000/min"), CorsOrigins: []string{"https://shop.example"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	holds := func() bool {
		header := look()
		return header.Get("RateLimit-Policy") == `"reads";q=1000;w=60` && header.Get("Access-Control-Allow-Origin") == "https://shop.example"
	}
	testkit.Eventually(t, "what is set holds", holds)
	settings.stop()
	settings.start()
	if !holds() {
		t.Error("after a restart, the first request met other limits")
	}
}

// BadSettingStopsNoSignIn (supabase/auth#2533): settings of identity that can't be applied, in
// config and in what identity kept, stop neither its start nor anybody's sign-in, and are shown.
func TestBadSettingStopsNoSignIn(t *testing.T) {
	t.Parallel()
	books, kept := testkit.DatabaseURL(t, config.Migrations()), testkit.DatabaseURL(t, identity.Migrations())
	settings := &node{t: t, process: app.Process{Name: "config", Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0"}}
	settings.module = config.Module(config.Config{Context: app.ContextConfig{Database: pg.Config{URL: books}, Kafka: testkit.Broker(t)}})
	settings.start()
	links := make(chan string, 1) // the first owner's; what comes after it is of no interest
	accounts := follow(t, "identity", settings, func(context app.ContextConfig) fx.Option {
		return identity.Module(identity.Config{
			Context: context, Key: identity.NewKey(), PublicURL: "http://shop.test", Contexts: services.Contexts(),
			KeepOwnerLink: func(link string) error {
				select {
				case links <- link:
				default:
				}
				return nil
			},
		})
	}, kept)
	accounts.process.Peers["customer"] = "http://127.0.0.1:1"
	accounts.start()
	_, link, _ := strings.Cut(<-links, "#")
	if _, err := identityv1connect.NewStaffServiceClient(testkit.Client(t, accounts.url)).AcceptInvite(t.Context(), &identityv1.AcceptInviteRequest{
		Token: link, Email: "grace@example.com", Password: "seven quiet herons wait", FirstName: "Grace",
	}); err != nil {
		t.Fatal(err)
	}
	signsIn := func(when string) {
		t.Helper()
		res, err := identityv1connect.NewAccountServiceClient(testkit.Client(t, accounts.url)).SignIn(t.Context(), &identityv1.SignInRequest{
			Kind: identityv1.AccountKind_ACCOUNT_KIND_STAFF, Email: "grace@example.com", Password: "seven quiet herons wait",
		})
		if err != nil || res.GetSession().GetAccessToken() == "" {
			t.Errorf("%s: nobody signs in: %v, %v", when, res, err)
		}
	}
	damage := func(url, sql string) {
		t.Helper()
		if _, err := testkit.Open(t, pg.Config{URL: url}).Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	signsIn("before")
	damage(books, `insert into settings_versions (context, version, id, value, actor, changed_paths, create_time)
		values ('identity', 2, gen_random_uuid(), '{"signingKeyPeriod": "1s"}', 'owner', '{}', now())`)
	testkit.Eventually(t, "readiness shows the version that can't be applied", accounts.showsBadPeriod)
	signsIn("with a bad version in config")

	accounts.stop()
	damage(kept, `insert into last_settings (name, version, value, update_time) values ('identity', 1, '{"signingKeyPeriod": "never"}', now())
		on conflict (name) do update set version = excluded.version, value = excluded.value`)
	accounts.start()
	signsIn("after a start with bad settings")
	testkit.Eventually(t, "readiness shows the settings", accounts.showsBadPeriod)
	keys, err := identityv1connect.NewTokenServiceClient(testkit.Client(t, accounts.url)).ListSigningKeys(t.Context(), &identityv1.ListSigningKeysRequest{})
	if err != nil || len(keys.GetSigningKeys()) == 0 {
		t.Errorf("no token can be verified: %v, %v", keys, err)
	}
}

// showsBadPeriod reports whether the service is ready, and readiness names the setting of
// version 2 that is not applied.
func (n *node) showsBadPeriod() bool {
	n.t.Helper()
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodGet, n.internal+"/readyz", nil)
	if err != nil {
		n.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode == http.StatusOK && strings.Contains(string(body), "version 2") && strings.Contains(string(body), "signing_key_period")
}

// The retention of a topic follows its setting, without a restart.
func TestRetentionOfATopicIsLive(t *testing.T) {
	t.Parallel()
	settings := &node{t: t, process: app.Process{Name: "config", Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0"}}
	settings.module = config.Module(config.Config{Context: app.ContextConfig{
		Database: pg.Config{URL: testkit.DatabaseURL(t, config.Migrations())}, Kafka: testkit.Broker(t),
	}})
	settings.start()
	broker := testkit.Broker(t)
	broker.Embedded = false // that one keeps what somebody still needs
	people := follow(t, "customer", settings, func(context app.ContextConfig) fx.Option {
		context.Kafka = broker
		return customer.Module(customer.Config{Context: context})
	}, testkit.DatabaseURL(t, customer.Migrations()))
	for _, peer := range []string{"identity", "notification", "order", "payment"} {
		people.process.Peers[peer] = "http://127.0.0.1:1"
	}
	people.start()
	admin, err := kgo.NewClient(kgo.SeedBrokers(broker.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	keeps := func(retention string) func() bool {
		return func() bool {
			configs, err := kadm.NewClient(admin).DescribeTopicConfigs(t.Context(), "shopmesh.customer.customer.v1")
			if err != nil || len(configs) != 1 {
				return false
			}
			return slices.ContainsFunc(configs[0].Configs, func(c kadm.Config) bool { return c.Key == "retention.ms" && c.MaybeValue() == retention })
		}
	}
	testkit.Eventually(t, "the topic keeps events for seven days", keeps("604800000"))
	client := configv1connect.NewConfigServiceClient(testkit.Client(t, settings.url))
	_, err = client.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "customer", Value: &configv1.Settings_Customer{Customer: &customerv1.Settings{EventRetention: durationpb.New(2 * time.Hour)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the topic keeps events for two hours", keeps("7200000"))
}
