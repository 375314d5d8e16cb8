package settings_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// config is a config service whose settings of order a test sets.
type config struct {
	configv1connect.UnimplementedConfigServiceHandler

	mu      sync.Mutex
	current *configv1.Settings
	changed chan struct{}
	down    bool
}

func newConfig() *config {
	return &config{current: &configv1.Settings{Context: "order"}, changed: make(chan struct{})}
}

// set has everybody who watches get a version.
func (c *config) set(version int64, order *orderv1.Settings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = &configv1.Settings{Context: "order", Version: version, Value: &configv1.Settings_Order{Order: order}}
	close(c.changed)
	c.changed = make(chan struct{})
}

// stop has streams end and calls be refused, until it is started again.
func (c *config) stop(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *config) WatchSettings(ctx context.Context, _ *configv1.WatchSettingsRequest, stream configv1connect.ConfigServiceWatchSettingsServerStream) error {
	for {
		c.mu.Lock()
		current, changed, down := c.current, c.changed, c.down
		c.mu.Unlock()
		if down {
			return connect.NewError(connect.CodeUnavailable, "stopped")
		}
		if err := stream.Send(&configv1.WatchSettingsResponse{Settings: current}); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// order is a context that applies settings, on a database of its own.
type order struct {
	t     *testing.T
	pool  *pg.Pool
	peers *peer.Peers

	vouchers bool // what settings can be Missing

	source *settings.Source
	live   *settings.Live[*orderv1.Settings]
	stop   func()
}

// newOrder makes the context; a nil config is one that is away.
func newOrder(t *testing.T, c *config) *order {
	t.Helper()
	o := &order{t: t, pool: testkit.Database(t, fstest.MapFS{})}
	o.peers = peer.New(nil, nil, testkit.Log(t))
	server, err := rpc.NewServer(rpc.Config{
		Log: testkit.Log(t),
		Authenticator: authz.AuthenticatorFunc(func(context.Context, authz.Header) (authz.Identity, error) {
			return authz.Identity{Kind: authz.Owner}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	configv1connect.RegisterConfigServiceHandler(server, c)
	o.peers.Here(server, "config")
	return o
}

// start begins to apply settings, as a process does when it starts.
func (o *order) start() {
	o.t.Helper()
	var err error
	if o.source, err = settings.NewSource(o.t.Context(), settings.Config{Context: "order", Pool: o.pool, Peers: o.peers, Log: testkit.Log(o.t)}); err != nil {
		o.t.Fatal(err)
	}
	o.live, err = settings.NewLive(o.source, defaults(), func(set *orderv1.Settings) (*orderv1.Settings, error) {
		switch {
		case slices.Contains(set.GetPaymentMethods(), "barter"):
			return nil, errors.New("barter is no payment")
		case slices.Contains(set.GetPaymentMethods(), "voucher") && !o.vouchers:
			return set, &settings.Missing{Err: errors.New("there are no vouchers")}
		}
		return set, nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(o.t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := o.source.Run(ctx); err != nil {
			o.t.Errorf("it ended with %v", err)
		}
	}()
	o.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	o.t.Cleanup(o.stop)
}

// applies waits until a version is in force.
func (o *order) applies(version int64) *orderv1.Settings {
	o.t.Helper()
	late := time.After(testkit.Patience)
	for {
		changed := o.source.Changed()
		if o.source.Version() == version {
			return o.live.Now()
		}
		select {
		case <-changed:
		case <-late:
			o.t.Fatalf("version %d is in force, want %d: %v", o.source.Version(), version, o.source.Conditions())
		}
	}
}

// kept waits until a version would be applied at the next start.
func (o *order) kept(version int64) {
	o.t.Helper()
	testkit.Eventually(o.t, "the settings are kept", func() bool {
		var kept int64
		return o.pool.QueryRow(o.t.Context(), `select version from last_settings`).Scan(&kept) == nil && kept == version
	})
}

// refused waits until settings are reported as not applied.
func (o *order) refused(parts ...string) {
	o.t.Helper()
	testkit.Eventually(o.t, "the settings are refused", func() bool {
		text := fmt.Sprint(o.source.Conditions())
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
	})
}

func defaults() *orderv1.Settings {
	return &orderv1.Settings{
		PaymentWindow: durationpb.New(30 * time.Minute), RetryAfter: durationpb.New(30 * time.Second),
		MaxUnpaidOrders: new(int32(20)), PaymentMethods: []string{"sandbox_ok"},
	}
}

// A change is in force while the context runs, over the defaults of what is not set; who
// holds the settings from before keeps them whole.
func TestChangesApplyWithoutARestart(t *testing.T) {
	t.Parallel()
	c := newConfig()
	o := newOrder(t, c)
	o.start()
	if !proto.Equal(o.live.Now(), defaults()) {
		t.Errorf("before any change: %v", o.live.Now())
	}
	before := o.live.Now()
	c.set(1, &orderv1.Settings{MaxUnpaidOrders: new(int32(3)), PaymentMethods: []string{"sandbox_slow"}})
	want := defaults()
	want.MaxUnpaidOrders, want.PaymentMethods = new(int32(3)), []string{"sandbox_slow"}
	if got := o.applies(1); !proto.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !proto.Equal(before, defaults()) {
		t.Errorf("a snapshot changed: %v", before)
	}
	c.set(2, &orderv1.Settings{})
	if got := o.applies(2); !proto.Equal(got, defaults()) {
		t.Errorf("back to the defaults: %v", got)
	}
}

// The context starts while config is away, with what it applied last; when config comes
// back, it follows again.
func TestConfigMayBeAwayOverARestart(t *testing.T) {
	t.Parallel()
	c := newConfig()
	o := newOrder(t, c)
	o.start()
	c.set(4, &orderv1.Settings{MaxUnpaidOrders: new(int32(4))})
	o.applies(4)
	o.kept(4)
	o.stop()
	c.stop(true)
	o.start()
	if got := o.live.Now(); o.source.Version() != 4 || got.GetMaxUnpaidOrders() != 4 || got.GetPaymentWindow().AsDuration() != 30*time.Minute {
		t.Errorf("after the restart: version %d, %v", o.source.Version(), got)
	}
	c.set(5, &orderv1.Settings{MaxUnpaidOrders: new(int32(5))})
	c.stop(false)
	if got := o.applies(5); got.GetMaxUnpaidOrders() != 5 {
		t.Errorf("with config back: %v", got)
	}
}

// Settings that break a rule, or that the context itself refuses, leave those before in
// force, and that is shown until good ones come.
func TestSettingsThatCannotBeAppliedChangeNothing(t *testing.T) {
	t.Parallel()
	c := newConfig()
	o := newOrder(t, c)
	o.start()
	c.set(1, &orderv1.Settings{MaxUnpaidOrders: new(int32(3))})
	o.applies(1)
	c.set(2, &orderv1.Settings{MaxUnpaidOrders: new(int32(0))})
	o.refused("version 2", "version 1", "max_unpaid_orders")
	c.set(3, &orderv1.Settings{PaymentMethods: []string{"barter"}})
	o.refused("version 3", "version 1", "barter is no payment")
	if got := o.live.Now(); got.GetMaxUnpaidOrders() != 3 || o.source.Version() != 1 {
		t.Errorf("version %d is in force: %v", o.source.Version(), got)
	}
	c.set(4, &orderv1.Settings{MaxUnpaidOrders: new(int32(6))})
	o.applies(4)
	if conditions := o.source.Conditions(); len(conditions) > 0 {
		t.Errorf("still shown: %v", conditions)
	}
}

// Settings that can't be stored are in force all the same, and shown as that; config is not
// blamed, and they are kept once the database takes them.
func TestSettingsThatCannotBeKeptAreInForce(t *testing.T) {
	t.Parallel()
	c := newConfig()
	o := newOrder(t, c)
	o.start()
	c.set(1, &orderv1.Settings{MaxUnpaidOrders: new(int32(3))})
	o.applies(1)
	o.kept(1)
	rename := func(from, to string) {
		t.Helper()
		if _, err := o.pool.Exec(t.Context(), `alter table `+from+` rename to `+to); err != nil {
			t.Fatal(err)
		}
	}
	rename("last_settings", "elsewhere")
	c.set(2, &orderv1.Settings{MaxUnpaidOrders: new(int32(5))})
	if got := o.applies(2); got.GetMaxUnpaidOrders() != 5 {
		t.Errorf("in force are %v", got)
	}
	testkit.Eventually(t, "it is shown", func() bool { return strings.Contains(fmt.Sprint(o.source.Conditions()), "not kept for the next start") })
	if shown := o.source.Conditions(); len(shown) != 1 {
		t.Errorf("shown are %v", shown)
	}
	rename("elsewhere", "last_settings")
	o.kept(2)
	testkit.Eventually(t, "it is over", func() bool { return len(o.source.Conditions()) == 0 })
}

// Settings that name what is missing are not applied while others are in force. After a
// restart they are, as far as they can be, until it is there.
func TestSettingsThatNameWhatIsMissing(t *testing.T) {
	t.Parallel()
	c := newConfig()
	o := newOrder(t, c)
	o.start()
	c.set(1, &orderv1.Settings{MaxUnpaidOrders: new(int32(3))})
	o.applies(1)
	c.set(2, &orderv1.Settings{PaymentMethods: []string{"voucher"}})
	o.refused("version 2", "version 1", "no vouchers")
	o.stop()

	o.vouchers = true
	o.start()
	o.applies(2)
	o.kept(2)
	o.stop()

	o.vouchers = false
	o.start()
	for _, shown := range []string{
		"version 2 of the settings of order",
		"version 2 of the settings of order, and version 2 is still in force", // after config sent what is applied already
	} {
		o.refused(shown, "no vouchers")
		if got := o.live.Now(); o.source.Version() != 2 || !slices.Equal(got.GetPaymentMethods(), []string{"voucher"}) || got.GetMaxUnpaidOrders() != 20 {
			t.Errorf("version %d is in force: %v", o.source.Version(), got)
		}
	}
	c.set(3, &orderv1.Settings{PaymentMethods: []string{"sandbox_ok"}})
	o.applies(3)
	if conditions := o.source.Conditions(); len(conditions) > 0 {
		t.Errorf("still shown: %v", conditions)
	}
}

// BadSettingStopsNoSignIn (supabase/auth#2533): a kept setting that is bad at the next start
// has its default then, and takes nothing else with it.
func TestABadKeptSettingStopsNoStart(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		kept   string
		unpaid int32
		window time.Duration
		shown  string
	}{
		"a value out of bounds":    {`{"maxUnpaidOrders": 0, "paymentWindow": "60s"}`, 20, time.Minute, "max_unpaid_orders"},
		"a value of another type":  {`{"maxUnpaidOrders": "many", "paymentWindow": "60s"}`, 20, time.Minute, "maxUnpaidOrders"},
		"a field of another time":  {`{"maxUnpaid": 3, "paymentWindow": "60s"}`, 20, time.Minute, "maxUnpaid"},
		"what the context refuses": {`{"paymentMethods": ["barter"], "paymentWindow": "60s"}`, 20, 30 * time.Minute, "barter"},
		"no object":                {`[1]`, 20, 30 * time.Minute, "version 7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newConfig()
			c.stop(true)
			o := newOrder(t, c)
			if _, err := o.pool.Exec(t.Context(), `insert into last_settings (name, version, value, update_time) values ('order', 7, $1, now())`, row.kept); err != nil {
				t.Fatal(err)
			}
			o.start()
			if got := o.live.Now(); got.GetMaxUnpaidOrders() != row.unpaid || got.GetPaymentWindow().AsDuration() != row.window {
				t.Errorf("got %v", got)
			}
			o.refused(row.shown)
		})
	}
}
