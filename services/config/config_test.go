package config_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A setting is changed, and the history shows who changed which fields; what nobody set
// stays unset, so that its default can change with the program.
func TestAnOwnerChangesSettings(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	if before := h.current("order"); before.GetVersion() != 0 || before.GetEtag() == "" || before.GetOrder() == nil || before.GetActor() != "" {
		t.Errorf("before the first change: %v", before)
	}
	h.setOrder(&orderv1.Settings{PaymentWindow: durationpb.New(time.Minute), MaxUnpaidOrders: new(int32(3))})
	bob := h.replica(authz.Identity{Kind: authz.Owner, ID: "bob"}, "")
	changed := bob.setOrder(&orderv1.Settings{MaxUnpaidOrders: new(int32(4))})
	if changed.GetVersion() != 2 || changed.GetOrder().GetMaxUnpaidOrders() != 4 ||
		changed.GetOrder().GetPaymentWindow().AsDuration() != time.Minute || changed.GetOrder().RetryAfter != nil {
		t.Errorf("after two changes: %v", changed)
	}
	if again := bob.setOrder(&orderv1.Settings{MaxUnpaidOrders: new(int32(4))}); again.GetVersion() != 2 || again.GetEtag() != changed.GetEtag() {
		t.Errorf("a change that changes nothing made %v", again)
	}
	if other := h.current("payment"); other.GetVersion() != 0 {
		t.Errorf("payment's settings changed, too: %v", other)
	}

	page, err := h.ListSettingsVersions(t.Context(), &configv1.ListSettingsVersionsRequest{Context: "order", PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	rest, err := h.ListSettingsVersions(t.Context(), &configv1.ListSettingsVersionsRequest{Context: "order", PageToken: page.GetNextPageToken()})
	if err != nil || len(page.GetVersions()) != 1 || len(rest.GetVersions()) != 1 || rest.GetNextPageToken() != "" {
		t.Fatalf("%v, %v, %v", page, rest, err)
	}
	second, first := page.GetVersions()[0], rest.GetVersions()[0]
	if second.GetSettings().GetActor() != "owner/bob" || !slices.Equal(second.GetChangedPaths(), []string{"max_unpaid_orders"}) ||
		first.GetSettings().GetActor() != "owner/ann" || !slices.Equal(first.GetChangedPaths(), []string{"payment_window", "max_unpaid_orders"}) ||
		first.GetSettings().GetOrder().GetMaxUnpaidOrders() != 3 || !first.GetSettings().GetUpdateTime().IsValid() {
		t.Errorf("the history is %v, %v", second, first)
	}
}

// The mask changes just what it names; a field that it names and that is not given gets its
// default again.
func TestAMaskChangesWhatItNames(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	h.setOrder(&orderv1.Settings{PaymentWindow: durationpb.New(time.Minute), MaxUnpaidOrders: new(int32(3))})
	req := orderSettings(&orderv1.Settings{MaxUnpaidOrders: new(int32(9)), RetryAfter: durationpb.New(time.Second)})
	req.UpdateMask = &fieldmaskpb.FieldMask{Paths: []string{"order.payment_window", "order.retry_after"}}
	res, err := h.UpdateSettings(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	got := res.GetSettings().GetOrder()
	if got.PaymentWindow != nil || got.GetMaxUnpaidOrders() != 3 || got.GetRetryAfter().AsDuration() != time.Second {
		t.Errorf("got %v", got)
	}
	for _, path := range []string{"payment.retry_after", "order.window", "version"} {
		req.UpdateMask = &fieldmaskpb.FieldMask{Paths: []string{path}}
		_, err := h.UpdateSettings(t.Context(), req)
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "update_mask")
	}
	_, err = h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{
		Settings: &configv1.Settings{Context: "order", Value: &configv1.Settings_Payment{Payment: &paymentv1.Settings{}}},
	})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "settings.payment")
	_, err = h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{Context: "nobody"}})
	testkit.Refused(t, err, connect.CodeNotFound, "CONTEXT_NOT_FOUND")
}

// TRUST.md 44: out of bounds, with a stale etag, by somebody who may not: nothing changes.
func TestBadWritesOfSettingsChangeNothing(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	stale := h.current("order").GetEtag()
	good := h.setOrder(&orderv1.Settings{PaymentWindow: durationpb.New(time.Minute)})

	_, err := h.UpdateSettings(t.Context(), orderSettings(&orderv1.Settings{PaymentWindow: durationpb.New(0)}))
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "settings.order.payment_window")
	_, err = h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "shop", Value: &configv1.Settings_Shop{Shop: &shopv1.Settings{Currency: new("XXY")}},
	}})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.shop.currency")
	for field, set := range map[string]*shopv1.Settings{
		"sender_email": {SenderEmail: new("shop@10.0.0.1")}, "reply_to_email": {ReplyToEmail: new(strings.Repeat("a", 65) + "@example.com")},
		"name": {Name: new("\u200b")}, "sender_name": {SenderName: new("Hill\u2028Dale")},
		"mail_subjects[0].subject": {MailSubjects: []*shopv1.MailSubject{{Kind: 1, Subject: "\u3164"}}},
	} {
		_, err := h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{Context: "shop", Value: &configv1.Settings_Shop{Shop: set}}})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.shop."+field)
	}
	_, err = h.UpdateSettings(t.Context(), orderSettings(&orderv1.Settings{PaymentMethodRules: []*orderv1.PaymentMethodRule{
		{Method: "a", Currencies: []string{"EUR", "XQZ"}}, {Method: "b", Limits: []*orderv1.PaymentLimit{{}, {Currency: "XQZ"}}},
	}}))
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID",
		"settings.order.payment_method_rules[0].currencies[1]", "settings.order.payment_method_rules[1].limits[1].currency")
	_, err = h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "payment", Value: &configv1.Settings_Payment{Payment: &paymentv1.Settings{RefundStepUpLimits: []*paymentv1.StepUpLimit{{}, {Currency: "XQZ"}}}},
	}})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.payment.refund_step_up_limits[1].currency")
	edge := func(set *edgev1.Settings) error {
		_, err := h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{Context: "edge", Value: &configv1.Settings_Edge{Edge: set}}})
		return err
	}
	testkit.Refused(t, edge(&edgev1.Settings{ReadsRate: new("0/min")}), connect.CodeInvalidArgument, "INVALID_FIELD", "settings.edge.reads_rate")
	testkit.Refused(t, edge(&edgev1.Settings{CorsOrigins: []string{"https://shop.example", "*"}}),
		connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.edge.cors_origins[1]")
	subjects := func(all ...*shopv1.MailSubject) error {
		_, err := h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
			Context: "shop", Value: &configv1.Settings_Shop{Shop: &shopv1.Settings{MailSubjects: all}},
		}})
		return err
	}
	const confirmed, reset = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED, notificationv1.NotificationKind_NOTIFICATION_KIND_RESET_PASSWORD
	testkit.Refused(t, subjects(&shopv1.MailSubject{Kind: confirmed, Subject: "{order}"}), connect.CodeInvalidArgument, "INVALID_FIELD", "settings.shop.mail_subjects[0].subject")
	testkit.Refused(t, subjects(&shopv1.MailSubject{Kind: reset, Subject: "{number}"}), connect.CodeInvalidArgument, "INVALID_FIELD", "settings.shop.mail_subjects[0]")
	testkit.Refused(t, subjects(&shopv1.MailSubject{Kind: reset, Subject: "a"}, &shopv1.MailSubject{Kind: reset, Subject: "b"}),
		connect.CodeInvalidArgument, "INVALID_FIELD", "settings.shop")
	req := orderSettings(&orderv1.Settings{PaymentWindow: durationpb.New(time.Hour)})
	req.Settings.Etag = stale
	_, err = h.UpdateSettings(t.Context(), req)
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	_, err = h.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order", Etag: stale})
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")

	reader := h.replica(authz.Identity{Kind: authz.Staff, ID: "carl", Permissions: settingsRead()}, "")
	_, err = reader.UpdateSettings(t.Context(), orderSettings(&orderv1.Settings{PaymentWindow: durationpb.New(time.Hour)}))
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	_, err = reader.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order"})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	if now := reader.current("order"); now.GetEtag() != good.GetEtag() {
		t.Errorf("the settings became %v", now)
	}
}

// The shop's own address is written as everybody's may be.
func TestTheSenderHasAnAddressAsOthersDo(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann").replica(authz.Identity{Kind: authz.Owner, Methods: []string{authz.MethodOperator}}, "")
	for _, email := range []string{"shop@bücher.example", "post.@docomo.ne.jp"} {
		if _, err := h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
			Context: "shop", Value: &configv1.Settings_Shop{Shop: &shopv1.Settings{SenderEmail: new(email), ReplyToEmail: new(email)}},
		}}); err != nil {
			t.Errorf("%s: %v", email, err)
		}
	}
}

// In whose name the shop writes is changed only by somebody who proved of late who they
// are; back, too.
func TestTheMailSenderNeedsAProof(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	signedIn := func(ago time.Duration) harness {
		return h.replica(authz.Identity{
			Kind: authz.Owner, ID: "ann", AccountID: "ann", SessionID: "1", AuthTime: time.Now().Add(-ago), Methods: []string{"pwd"},
		}, "")
	}
	long, lately := signedIn(11*time.Minute), signedIn(time.Minute)
	sender := func() *configv1.UpdateSettingsRequest {
		return &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{Context: "shop", Value: &configv1.Settings_Shop{
			Shop: &shopv1.Settings{SenderEmail: new("shop@hill.example"), Name: new("Hill & Dale")},
		}}}
	}
	_, err := long.UpdateSettings(t.Context(), sender())
	testkit.Refused(t, err, connect.CodePermissionDenied, "STEP_UP_REQUIRED")
	name := sender()
	name.GetSettings().GetShop().SenderEmail = nil
	if _, err := long.UpdateSettings(t.Context(), name); err != nil {
		t.Errorf("the name needs a proof, too: %v", err)
	}
	if _, err := lately.UpdateSettings(t.Context(), sender()); err != nil {
		t.Errorf("with a proof: %v", err)
	}
	_, err = long.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "shop", Version: 1})
	testkit.Refused(t, err, connect.CodePermissionDenied, "STEP_UP_REQUIRED")
	for _, named := range []*paymentv1.Settings{{StripeKeySecret: "OTHER"}, {StripeWebhookSecrets: []string{"OTHER"}}} {
		_, err = long.UpdateSettings(t.Context(), paymentSettings(named))
		testkit.Refused(t, err, connect.CodePermissionDenied, "STEP_UP_REQUIRED")
		if _, err := lately.UpdateSettings(t.Context(), paymentSettings(named)); err != nil {
			t.Errorf("%v, with a proof: %v", named, err)
		}
	}
	display := sender()
	display.GetSettings().GetShop().SenderEmail, display.GetSettings().GetShop().SenderName = nil, new("Your bank")
	_, err = long.UpdateSettings(t.Context(), display)
	testkit.Refused(t, err, connect.CodePermissionDenied, "STEP_UP_REQUIRED")
}

// What decides when a proof is needed, and where links in mails and banks' pages lead, is
// changed only by somebody who proved of late who they are, and by no API key; back, too.
func TestWhatGuardsNeedsAProof(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	owner := authz.Identity{Kind: authz.Owner, ID: "ann", AccountID: "ann", SessionID: "1", AuthTime: time.Now(), Methods: []string{"pwd"}}
	stale, key := owner, authz.Identity{
		Kind: authz.Staff, ID: "bob", AccountID: "bob", APIKey: "k", Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_SETTINGS_WRITE},
	}
	stale.AuthTime = time.Now().Add(-time.Hour)
	lately, long, program := h.replica(owner, ""), h.replica(stale, ""), h.replica(key, "")
	for name, set := range map[string]*configv1.Settings{
		"the age of a proof": {Context: "identity", Value: &configv1.Settings_Identity{Identity: &identityv1.Settings{
			StepUpAge: durationpb.New(time.Hour),
		}}},
		"the second factor": {Context: "identity", Value: &configv1.Settings_Identity{Identity: &identityv1.Settings{
			RequireStaffTotp: new(false),
		}}},
		"refunds": {Context: "payment", Value: &configv1.Settings_Payment{Payment: &paymentv1.Settings{
			RefundStepUpLimits: []*paymentv1.StepUpLimit{{Amount: 1_000_000}},
		}}},
		"the page after a bank's": {Context: "payment", Value: &configv1.Settings_Payment{Payment: &paymentv1.Settings{
			ReturnUrl: "https://shop.example/paid",
		}}},
		"links in mails": {Context: "shop", Value: &configv1.Settings_Shop{Shop: &shopv1.Settings{
			LegalNotices: &shopv1.LegalNotices{TermsUrl: new("https://shop.example/terms")},
		}}},
	} {
		before := h.current(set.GetContext())
		change := &configv1.UpdateSettingsRequest{Settings: set}
		back := &configv1.RollbackSettingsRequest{Context: set.GetContext(), Version: before.GetVersion()}
		refuse := func(what string, call func(harness) error) {
			t.Helper()
			for reason, by := range map[string]harness{"STEP_UP_REQUIRED": long, "PERMISSION_DENIED": program} {
				if err := call(by); err != nil {
					testkit.Refused(t, err, connect.CodePermissionDenied, reason)
				} else {
					t.Errorf("%s: %s, want %s", name, what, reason)
				}
			}
		}
		refuse("changed", func(h harness) error { _, err := h.UpdateSettings(t.Context(), change); return err })
		if _, err := lately.UpdateSettings(t.Context(), change); err != nil {
			t.Fatalf("%s, with a proof: %v", name, err)
		}
		refuse("rolled back", func(h harness) error { _, err := h.RollbackSettings(t.Context(), back); return err })
		if now := h.current(set.GetContext()); now.GetVersion() != before.GetVersion()+1 {
			t.Errorf("%s: the version is %d after %d", name, now.GetVersion(), before.GetVersion())
		}
	}
}

// A change that was done and whose answer was lost is not refused for its etag when it is sent
// again, and makes no second version; so does a rollback.
func TestAChangeOfSettingsSentAgainWithItsEtagIsDone(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	seen := h.current("order").GetEtag()
	update := func() (*configv1.UpdateSettingsResponse, error) {
		req := orderSettings(&orderv1.Settings{MaxUnpaidOrders: new(int32(4))})
		req.Settings.Etag = seen
		return h.UpdateSettings(t.Context(), req)
	}
	first, err := update()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := update(); err != nil || again.GetSettings().GetEtag() != first.GetSettings().GetEtag() {
		t.Errorf("sent again: %v, %v, first %v", again, err, first)
	}
	back := func() (*configv1.RollbackSettingsResponse, error) {
		return h.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order", Etag: first.GetSettings().GetEtag()})
	}
	second, err := back()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := back(); err != nil || again.GetSettings().GetEtag() != second.GetSettings().GetEtag() {
		t.Errorf("rolled back again: %v, %v, first %v", again, err, second)
	}
	if now := h.current("order"); now.GetVersion() != 2 {
		t.Errorf("version %d, want 2", now.GetVersion())
	}
}

// Of two writers who saw the same version, one wins, and the other is refused.
func TestTwoWritersWithOneEtag(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	etag := h.current("order").GetEtag()
	errs := make([]error, 8)
	var writing sync.WaitGroup
	for i := range errs {
		writing.Go(func() {
			req := orderSettings(&orderv1.Settings{MaxUnpaidOrders: new(int32(i + 1))})
			req.Settings.Etag = etag
			_, errs[i] = h.UpdateSettings(t.Context(), req)
		})
	}
	writing.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	}
	if now := h.current("order"); won != 1 || now.GetVersion() != 1 {
		t.Errorf("%d writers won, and the version is %d", won, now.GetVersion())
	}
}

// validate_only answers what would be and changes nothing; it refuses what the change
// would refuse.
func TestAChangeIsTriedFirst(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	req := orderSettings(&orderv1.Settings{MaxUnpaidOrders: new(int32(5))})
	req.ValidateOnly = true
	res, err := h.UpdateSettings(t.Context(), req)
	if err != nil || res.GetSettings().GetOrder().GetMaxUnpaidOrders() != 5 || res.GetSettings().GetVersion() != 1 || res.GetSettings().GetEtag() != "" {
		t.Errorf("%v, %v", res, err)
	}
	if now := h.current("order"); now.GetVersion() != 0 || now.GetOrder().MaxUnpaidOrders != nil {
		t.Errorf("the settings became %v", now)
	}
	req = orderSettings(&orderv1.Settings{PaymentMethods: []string{"pm_*"}})
	req.ValidateOnly = true
	_, err = h.UpdateSettings(t.Context(), req)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.order.payment_methods[0]")
}

// A payment method that is offered needs its provider.
func TestCardsNeedTheirProvider(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	for _, method := range []string{"pm_*", "pm_card_visa", "*", "p*"} {
		h.setPayment(&paymentv1.Settings{})
		offer := orderSettings(&orderv1.Settings{PaymentMethods: []string{"sandbox_ok", method}})
		_, err := h.UpdateSettings(t.Context(), offer)
		refused := testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.order.payment_methods[1]")
		if !strings.Contains(refused.Message, "payment.stripeKeySecret") {
			t.Errorf("%s: %s", method, refused.Message)
		}
		h.setPayment(&paymentv1.Settings{StripeKeySecret: "STRIPE_KEY"})
		if _, err := h.UpdateSettings(t.Context(), offer); err != nil {
			t.Errorf("%s, with a key: %v", method, err)
		}
		// What order offers can't lose its provider.
		_, err = h.UpdateSettings(t.Context(), paymentSettings(&paymentv1.Settings{}))
		testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.order.payment_methods[1]")
		h.setOrder(&orderv1.Settings{PaymentMethods: []string{"sandbox_ok"}})
	}
}

// Stripe's page needs a key, which what order offers can't lose. Where it leads back to has a
// default, so nobody has to set that.
func TestStripesPageNeedsItsProvider(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	for _, method := range []string{"stripe_checkout", "stripe_*"} {
		h.setPayment(&paymentv1.Settings{ReturnUrl: "https://shop.example/paid"})
		offer := orderSettings(&orderv1.Settings{PaymentMethods: []string{"sandbox_ok", method}})
		_, err := h.UpdateSettings(t.Context(), offer)
		refused := testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.order.payment_methods[1]")
		if !strings.Contains(refused.Message, "payment.stripeKeySecret") {
			t.Errorf("%s: %s", method, refused.Message)
		}
		h.setPayment(&paymentv1.Settings{StripeKeySecret: "STRIPE_KEY"})
		if _, err := h.UpdateSettings(t.Context(), offer); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		_, err = h.UpdateSettings(t.Context(), paymentSettings(&paymentv1.Settings{}))
		testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.order.payment_methods[1]")
		h.setOrder(&orderv1.Settings{PaymentMethods: []string{"sandbox_ok"}})
	}
}

// A secret is set by its name: what can't be one, such as its value or a path, is refused.
func TestSecretsAreNames(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	for _, name := range []string{"sk_live_51Hx", "/run/secrets/stripe", "STRIPE_KEY_FILE", "stripe key", "1ST", strings.Repeat("A", 101)} {
		_, err := h.UpdateSettings(t.Context(), paymentSettings(&paymentv1.Settings{StripeKeySecret: name}))
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "settings.payment.stripe_key_secret")
		_, err = h.UpdateSettings(t.Context(), paymentSettings(&paymentv1.Settings{StripeWebhookSecrets: []string{"WEBHOOK", name}}))
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "settings.payment.stripe_webhook_secrets[1]")
	}
	h.setPayment(&paymentv1.Settings{StripeKeySecret: "STRIPE_KEY", StripeWebhookSecrets: []string{"WEBHOOK", "WEBHOOK_2"}})
}

// A rollback is a new version with the old content. What today's rules refuse does not come
// back: here the shop lost its provider of cards.
func TestRollbackIsCheckedByTodaysRules(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	h.setPayment(&paymentv1.Settings{StripeKeySecret: "STRIPE_KEY"})
	h.setOrder(&orderv1.Settings{PaymentMethods: []string{"pm_*"}, MaxUnpaidOrders: new(int32(2))})
	h.setOrder(&orderv1.Settings{PaymentMethods: []string{"sandbox_ok"}})
	back, err := h.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order", Version: 1})
	if err != nil || back.GetSettings().GetVersion() != 3 || !slices.Equal(back.GetSettings().GetOrder().GetPaymentMethods(), []string{"pm_*"}) {
		t.Fatalf("%v, %v", back, err)
	}
	h.setOrder(&orderv1.Settings{PaymentMethods: []string{"sandbox_ok"}})

	h.setPayment(&paymentv1.Settings{})
	_, err = h.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order", Version: 1})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "order.payment_methods[0]")
	_, err = h.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order", Version: 9})
	testkit.Refused(t, err, connect.CodeNotFound, "SETTINGS_VERSION_NOT_FOUND")

	none, err := h.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order"})
	if err != nil || none.GetSettings().GetVersion() != 5 || none.GetSettings().GetOrder().MaxUnpaidOrders != nil {
		t.Errorf("back to the defaults: %v, %v", none, err)
	}
	list, err := h.ListSettingsVersions(t.Context(), &configv1.ListSettingsVersionsRequest{Context: "order"})
	if err != nil || list.GetVersions()[0].RestoredVersion == nil || list.GetVersions()[0].GetRestoredVersion() != 0 || list.GetVersions()[2].GetRestoredVersion() != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// Who watches gets the settings as they are and each change, also one
// that another replica made.
func TestWhoWatchesSeesChanges(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	other := h.replica(authz.Identity{Kind: authz.Owner}, "")
	stream, err := h.WatchSettings(t.Context(), &configv1.WatchSettingsRequest{Context: "order"})
	if err != nil {
		t.Fatal(err)
	}
	next := func() *configv1.Settings {
		t.Helper()
		res, err := stream.Receive()
		if err != nil {
			t.Fatal(err)
		}
		return res.GetSettings()
	}
	if first := next(); first.GetVersion() != 0 || first.GetOrder() == nil {
		t.Errorf("at first %v", first)
	}
	for i, writer := range []harness{h, other} {
		want := writer.setOrder(&orderv1.Settings{MaxUnpaidOrders: new(int32(i + 10))})
		if got := next(); got.GetEtag() != want.GetEtag() || got.GetOrder().GetMaxUnpaidOrders() != int32(i+10) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// BadSettingStopsNoSignIn (supabase/auth#2533): a stored value that can't be read takes
// neither the others with it nor the way to mend it.
func TestABadStoredSettingStopsNothing(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	h.setOrder(&orderv1.Settings{MaxUnpaidOrders: new(int32(2)), PaymentWindow: durationpb.New(time.Minute)})
	for _, damage := range []string{
		`{"maxUnpaidOrders": "many", "paymentWindow": "60s", "ofAnotherTime": [1]}`, `{"maxUnpaidOrders": 0, "paymentWindow": "60s"}`,
	} {
		if _, err := h.pool.Exec(t.Context(), `update settings_versions set value = $1 where version = 1`, damage); err != nil {
			t.Fatal(err)
		}
		if now := h.current("order"); now.GetOrder().GetPaymentWindow().AsDuration() != time.Minute {
			t.Errorf("%s: got %v", damage, now)
		}
	}
	_, err := h.UpdateSettings(t.Context(), orderSettings(&orderv1.Settings{RetryAfter: durationpb.New(time.Minute)}))
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.order.max_unpaid_orders")
	mended := h.setOrder(&orderv1.Settings{MaxUnpaidOrders: new(int32(3))})
	if mended.GetVersion() != 2 || mended.GetOrder().GetPaymentWindow().AsDuration() != time.Minute {
		t.Errorf("mended: %v", mended)
	}
	_, err = h.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order", Version: 1})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "order.max_unpaid_orders")
}

// A file in place of the database is shown, and can't be changed by RPC.
func TestSettingsOfAFileAreReadOnly(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	h.setOrder(&orderv1.Settings{MaxUnpaidOrders: new(int32(2))})
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(`{"order":{"maxUnpaidOrders":7}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	fixed := h.replica(authz.Identity{Kind: authz.Owner}, file)
	if now := fixed.current("order"); now.GetOrder().GetMaxUnpaidOrders() != 7 || now.GetVersion() != 0 {
		t.Errorf("got %v", now)
	}
	_, err := fixed.UpdateSettings(t.Context(), orderSettings(&orderv1.Settings{MaxUnpaidOrders: new(int32(3))}))
	refused := testkit.Refused(t, err, connect.CodeFailedPrecondition, "SETTINGS_READ_ONLY")
	if !strings.Contains(refused.Message, "--settings") {
		t.Errorf("the refusal is %q", refused.Message)
	}
	_, err = fixed.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order"})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "SETTINGS_READ_ONLY")
}

// An owner without a program of their own changes a setting with curl.
func TestSettingsByREST(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, h.url+"/v1/settings/order", strings.NewReader(`{"order":{"paymentWindow":"90s"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if now := h.current("order"); res.StatusCode != http.StatusOK || now.GetOrder().GetPaymentWindow().AsDuration() != 90*time.Second {
		t.Errorf("%d %s, %v", res.StatusCode, body, now)
	}
}

func settingsRead() []optionsv1.Permission {
	return []optionsv1.Permission{optionsv1.Permission_PERMISSION_SETTINGS_READ}
}
