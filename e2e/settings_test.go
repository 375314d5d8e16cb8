package e2e

import (
	"context"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/durationpb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// The owner changes a setting of a running shop: what is wrong is refused, what is right is
// in force without a restart, and a rollback takes it back. `make bench` measures how soon.
func settingsChange(t *testing.T, s *shop) {
	ctx := t.Context()
	before, err := s.config.GetSettings(ctx, &configv1.GetSettingsRequest{Context: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	name := unique("Hill & Dale")
	_, err = s.config.UpdateSettings(ctx, &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "notification", Value: &configv1.Settings_Notification{Notification: &notificationv1.Settings{RetryAfter: durationpb.New(0)}},
	}})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "settings.notification.retry_after")
	changed, err := s.config.UpdateSettings(ctx, shopSettings(&shopv1.Settings{
		Name: &name, LegalNotices: &shopv1.LegalNotices{TermsUrl: new("https://shop.example/terms")},
	}))
	if err != nil {
		t.Fatal(err)
	}
	s.mailsName(name)
	s.mailsName("Terms and conditions: https://shop.example/terms")
	s.applied("notification", "shop", changed.GetSettings().GetVersion())

	stale := shopSettings(&shopv1.Settings{Name: new("Late")})
	stale.Settings.Etag = before.GetSettings().GetEtag()
	_, err = s.config.UpdateSettings(ctx, stale)
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	cards := &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{PaymentMethods: []string{"pm_*"}}},
	}}
	_, err = s.config.UpdateSettings(ctx, cards)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.order.payment_methods[0]")

	if _, err := s.config.RollbackSettings(ctx, &configv1.RollbackSettingsRequest{
		Context: "shop", Version: before.GetSettings().GetVersion(), Etag: changed.GetSettings().GetEtag(),
	}); err != nil {
		t.Fatal(err)
	}
	s.mailsName("Shopmesh")
}

func shopSettings(set *shopv1.Settings) *configv1.UpdateSettingsRequest {
	return &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "shop", Value: &configv1.Settings_Shop{Shop: set},
	}}
}

// mailsName waits until mails name a shop, or a page of it.
func (s *shop) mailsName(name string) {
	s.t.Helper()
	eventually(s.t, func(ctx context.Context) error {
		res, err := s.mail.PreviewTemplate(ctx, &notificationv1.PreviewTemplateRequest{Kind: notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED})
		if err == nil && !strings.Contains(res.GetText(), name) {
			err = errorf("the mail is:\n%s", res.GetText())
		}
		return err
	})
}

// applied waits until a context reports that it applies a version of settings: of its own, or
// of others that it reads.
func (s *shop) applied(name, settings string, version int64) {
	s.t.Helper()
	eventually(s.t, func(ctx context.Context) error {
		var seen []int64
		for _, address := range s.internal {
			client := operationsv1connect.NewOperationsServiceClient(s.client(address))
			res, err := client.GetStatus(ctx, &operationsv1.GetStatusRequest{})
			if err != nil {
				return err
			}
			for _, status := range res.GetContexts() {
				switch {
				case status.GetContext() != name:
				case settings == name:
					seen = append(seen, status.GetSettingsVersion())
				default:
					seen = append(seen, status.GetOtherSettingsVersions()[settings])
				}
			}
		}
		if len(seen) != 1 || seen[0] != version {
			return errorf("%s applies versions %v of %s, want %d", name, seen, settings, version)
		}
		return nil
	})
}

// Settings outlive the end of the shop.
func TestSettingsOutliveARestart(t *testing.T) {
	t.Parallel()
	s := up(t)
	changed, err := s.config.UpdateSettings(t.Context(), shopSettings(&shopv1.Settings{Name: new("Hill & Dale")}))
	if err != nil {
		t.Fatal(err)
	}
	s.mailsName("Hill & Dale")
	s.kill()
	s.start()
	s.mailsName("Hill & Dale")
	s.applied("notification", "shop", changed.GetSettings().GetVersion())
}
