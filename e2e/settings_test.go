package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/types/known/durationpb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// The owner changes a setting of a running shop: what is wrong is refused, what is right is
// in force within two seconds without a restart, and a rollback takes it back.
func settingsChange(t *testing.T, s *shop) {
	ctx := t.Context()
	before, err := s.config.GetSettings(ctx, &configv1.GetSettingsRequest{Context: "notification"})
	if err != nil {
		t.Fatal(err)
	}
	name := unique("Hill & Dale")
	wrong := mailSettings(&notificationv1.Settings{RetryAfter: durationpb.New(0)})
	_, err = s.config.UpdateSettings(ctx, wrong)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "settings.notification.retry_after")
	changed, err := s.config.UpdateSettings(ctx, mailSettings(&notificationv1.Settings{ShopName: &name}))
	if err != nil {
		t.Fatal(err)
	}
	s.mailsSay(name, 2*time.Second)
	s.applied("notification", changed.GetSettings().GetVersion())

	stale := mailSettings(&notificationv1.Settings{ShopName: new("Late")})
	stale.Settings.Etag = before.GetSettings().GetEtag()
	_, err = s.config.UpdateSettings(ctx, stale)
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	cards := &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{PaymentMethods: []string{"pm_*"}}},
	}}
	_, err = s.config.UpdateSettings(ctx, cards)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.order.payment_methods[0]")

	if _, err := s.config.RollbackSettings(ctx, &configv1.RollbackSettingsRequest{
		Context: "notification", Version: before.GetSettings().GetVersion(), Etag: changed.GetSettings().GetEtag(),
	}); err != nil {
		t.Fatal(err)
	}
	s.mailsSay("Shopmesh", 2*time.Second)
}

func mailSettings(set *notificationv1.Settings) *configv1.UpdateSettingsRequest {
	return &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "notification", Value: &configv1.Settings_Notification{Notification: set},
	}}
}

// mailsSay waits until mails bear a shop's name.
func (s *shop) mailsSay(name string, within time.Duration) {
	s.t.Helper()
	eventually(s.t, within, func(ctx context.Context) error {
		res, err := s.mail.PreviewTemplate(ctx, &notificationv1.PreviewTemplateRequest{Kind: notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED})
		if err == nil && !strings.Contains(res.GetText(), name) {
			err = errorf("the mail is:\n%s", res.GetText())
		}
		return err
	})
}

// applied waits until a context reports that it applies a version of its settings.
func (s *shop) applied(name string, version int64) {
	s.t.Helper()
	eventually(s.t, 30*time.Second, func(ctx context.Context) error {
		var seen []int64
		for _, address := range s.internal {
			client := operationsv1connect.NewOperationsServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, address)))
			res, err := client.GetStatus(ctx, &operationsv1.GetStatusRequest{})
			if err != nil {
				return err
			}
			for _, status := range res.GetContexts() {
				if status.GetContext() == name {
					seen = append(seen, status.GetSettingsVersion())
				}
			}
		}
		if len(seen) != 1 || seen[0] != version {
			return errorf("%s applies versions %v, want %d", name, seen, version)
		}
		return nil
	})
}

// Settings outlive the end of the shop.
func TestSettingsOutliveARestart(t *testing.T) {
	t.Parallel()
	s := up(t)
	changed, err := s.config.UpdateSettings(t.Context(), mailSettings(&notificationv1.Settings{ShopName: new("Hill & Dale")}))
	if err != nil {
		t.Fatal(err)
	}
	s.mailsSay("Hill & Dale", 2*time.Second)
	s.kill()
	s.start()
	s.mailsSay("Hill & Dale", 2*time.Second)
	s.applied("notification", changed.GetSettings().GetVersion())
}
