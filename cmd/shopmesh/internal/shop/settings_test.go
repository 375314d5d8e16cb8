package shop

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/config"
	"github.com/shopmesh/shopmesh/services/notification"
)

// node is a service as a process of its own, which a test stops and starts.
type node struct {
	t       *testing.T
	process app.Process
	module  fx.Option
	url     string
	stop    func()
}

func (n *node) start() {
	n.t.Helper()
	ready, ended := make(chan app.Addresses, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.WithoutCancel(n.t.Context()))
	process := n.process
	process.Log, process.Ready = testkit.Log(n.t), func(a app.Addresses) { ready <- a }
	go func() { ended <- app.Serve(ctx, process, n.module) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			n.t.Errorf("%s ended with %v", process.Name, err)
		}
	})
	n.t.Cleanup(n.stop)
	select {
	case a := <-ready:
		n.url = a.API
		n.process.Listen = a.API[len("http://"):] // the peers know this address
	case err := <-ended:
		ended <- nil
		n.t.Fatalf("%s did not start: %v", process.Name, err)
	case <-time.After(30 * time.Second):
		n.t.Fatalf("%s did not start in 30 s", process.Name)
	}
}

// Done when 19: a valid change is live within two seconds, and is kept with config dead over
// a restart of the service; when config is back, the next change is live again.
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
	mails.process.Peers, mails.process.NeedsPeers = map[string]string{"config": settings.url}, true
	mails.module = notification.Module(notification.Config{
		Context: context(testkit.DatabaseURL(t, notification.Migrations())), SMTPURL: "smtp://127.0.0.1:1",
	})
	mails.start()

	name := func(shop string) {
		t.Helper()
		client := configv1connect.NewConfigServiceClient(testkit.Client(t, settings.url))
		_, err := client.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
			Context: "notification", Value: &configv1.Settings_Notification{Notification: &notificationv1.Settings{ShopName: &shop}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	says := func(shop string) bool {
		client := notificationv1connect.NewNotificationServiceClient(testkit.Client(t, mails.url))
		res, err := client.PreviewTemplate(t.Context(), &notificationv1.PreviewTemplateRequest{Kind: notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED})
		return err == nil && strings.Contains(res.GetText(), shop)
	}
	name("Hill & Dale")
	testkit.Eventually(t, 2*time.Second, "the new name is in the mails", func() bool { return says("Hill & Dale") })

	settings.stop()
	mails.stop()
	mails.start()
	if !says("Hill & Dale") {
		t.Error("without config, the service forgot its settings")
	}
	settings.start()
	name("Dale & Hill")
	testkit.Eventually(t, 10*time.Second, "config is followed again", func() bool { return says("Dale & Hill") })
}
