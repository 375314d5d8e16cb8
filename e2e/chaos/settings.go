package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	storefrontv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/storefront/v1"
)

// contextSettings are the settings of a context, or of the shop as a whole, as the one who
// changes them remembers them.
// Each change names the etag of the one before, so that it is the next version or none.
type contextSettings struct {
	context  string
	versions []settingsVersion
	etag     string
	former   string // the etag before
	begun    int64  // the version at the round's begin
	serial   int32  // counts the changes that were tried
	lost     bool   // it is not known any more which version is in force
}

// settingsVersion is a change that was acknowledged.
type settingsVersion struct {
	settings *configv1.Settings // what is set; of the rest the context's name alone
	restored *int64             // the version that it went back to
}

// version is the version in force.
func (c *contextSettings) version() int64 { return int64(len(c.versions)) }

// current is what is set.
func (c *contextSettings) current() *configv1.Settings {
	if len(c.versions) == 0 {
		return &configv1.Settings{Context: c.context}
	}
	return c.versions[len(c.versions)-1].settings
}

// with is what is set once a change was made.
func (c *contextSettings) with(change *configv1.Settings) *configv1.Settings {
	after := proto.CloneOf(c.current())
	proto.Merge(after, change)
	return after
}

// shopsSettings are set before anything is broken. The payment window is short enough for some
// orders to expire under faults.
func shopsSettings() []*configv1.Settings {
	return []*configv1.Settings{
		{Context: "customer"}, {Context: "identity"}, {Context: "inventory"}, {Context: "shop"}, {Context: "storefront"},
		// All clients call from one address, and more often than one client does.
		{Context: "edge", Value: &configv1.Settings_Edge{Edge: &edgev1.Settings{
			ReadsRate: new("off"), OrdersRate: new("off"), SignInRate: new("off"), MailsRate: new("off"),
		}}},
		{Context: "notification", Value: &configv1.Settings_Notification{Notification: &notificationv1.Settings{
			RetryAfter: durationpb.New(500 * time.Millisecond),
		}}},
		// Order may offer cards once payment takes them.
		{Context: "payment", Value: &configv1.Settings_Payment{Payment: &paymentv1.Settings{
			ProviderTimeout: durationpb.New(2 * time.Second), RetryAfter: durationpb.New(500 * time.Millisecond),
			SandboxSlowDelay: durationpb.New(3 * time.Second),
			StripeKeySecret:  "STRIPE_KEY", StripeWebhookSecrets: []string{"STRIPE_WEBHOOK"},
			ReturnUrl: "https://shop.example/paid",
		}}},
		{Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{
			RetryAfter: durationpb.New(2 * time.Second), PaymentWindow: durationpb.New(paymentWindow),
			// All guests call from one network, and count as one where they have no cart.
			MaxUnpaidOrders: proto.Int32(10_000),
			PaymentMethods: []string{
				"sandbox_ok", "sandbox_declined", "sandbox_slow", "sandbox_unknown_then_ok", "sandbox_unknown_then_declined",
				"pm_card_visa", "pm_card_pendingRefund", "pm_card_chargeDeclined", stripesPage,
			},
		}}},
	}
}

// configure sets the shop's settings and returns when every process applies them.
func (d *driver) configure(ctx context.Context) error {
	for _, set := range shopsSettings() {
		c := &contextSettings{context: set.GetContext()}
		d.book.settings = append(d.book.settings, c)
		before, err := read(ctx, d.caller, "config", func(ctx context.Context, k *endpoint) (*configv1.GetSettingsResponse, error) {
			return k.config.GetSettings(ctx, &configv1.GetSettingsRequest{Context: c.context})
		})
		if err != nil {
			return fmt.Errorf("read the settings of %s: %w", c.context, err)
		}
		if c.etag = before.GetSettings().GetEtag(); set.GetValue() == nil {
			continue
		}
		res, err := read(ctx, d.caller, "config", func(ctx context.Context, k *endpoint) (*configv1.UpdateSettingsResponse, error) {
			return k.config.UpdateSettings(ctx, &configv1.UpdateSettingsRequest{Settings: set})
		})
		if err != nil {
			return fmt.Errorf("set the settings of %s: %w", c.context, err)
		}
		c.take(settingsVersion{settings: set}, res.GetSettings().GetEtag())
		c.begun = c.version()
	}
	for {
		wrong := d.compareApplied(ctx)
		if wrong == "" {
			return nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%w: %s", err, wrong)
		}
	}
}

// compareApplied names a process that does not apply the settings in force; empty when all do.
func (d *driver) compareApplied(ctx context.Context) string {
	for _, r := range d.replicas() {
		once, cancel := context.WithTimeout(ctx, 5*time.Second)
		res, err := r.operations.GetStatus(once, &operationsv1.GetStatusRequest{})
		cancel()
		if err != nil {
			return fmt.Sprintf("%s does not report its settings: %v", r.name, err)
		}
		for _, c := range d.book.settings {
			for _, status := range res.GetContexts() {
				if applied, applies := c.appliedBy(status); applies && applied != c.version() && !c.lost {
					return fmt.Sprintf("%s applies version %d of the settings of %s in %s, in force is %d", r.name, applied, c.context, status.GetContext(), c.version())
				}
			}
		}
	}
	return ""
}

// mustApplySettings waits until a process serves that began while config was dead; it applies
// the settings that were set before. It reports whether that could be compared.
func (d *driver) mustApplySettings(ctx context.Context, name string) bool {
	all := d.replicas()
	r := all[slices.IndexFunc(all, func(r *replica) bool { return r.name == name })]
	for ; ctx.Err() == nil; _ = sleep(ctx, 100*time.Millisecond) {
		once, cancel := context.WithTimeout(ctx, 5*time.Second)
		res, err := r.operations.GetStatus(once, &operationsv1.GetStatusRequest{})
		cancel()
		if err != nil {
			continue
		}
		for _, s := range res.GetContexts() {
			forgot := slices.ContainsFunc(d.book.settings, func(c *contextSettings) bool {
				applied, applies := c.appliedBy(s)
				return applies && applied == 0 && c.begun > 0
			})
			if forgot {
				d.book.find(finding{kind: "SETTINGS_LOST", subject: name, message: "it began while config was dead, and applies the defaults"})
			}
		}
		return true
	}
	return false
}

// appliedBy returns which version of the settings a context applies, and false when it applies
// others.
func (c *contextSettings) appliedBy(status *operationsv1.ContextStatus) (version int64, applies bool) {
	if status.GetContext() == c.context {
		return status.GetSettingsVersion(), true
	}
	version, applies = status.GetOtherSettingsVersions()[c.context]
	return version, applies
}

func (c *contextSettings) take(v settingsVersion, etag string) {
	c.versions = append(c.versions, v)
	c.former, c.etag = c.etag, etag
}

// harmless is a change of a context's settings that nothing else in the round depends on. It
// sets what is not in force: what changes nothing makes no version.
func (c *contextSettings) harmless() *configv1.Settings {
	for {
		c.serial++
		if set := c.numbered(); !proto.Equal(c.with(set), c.current()) {
			return set
		}
	}
}

func (c *contextSettings) numbered() *configv1.Settings {
	days := func(least int32) *durationpb.Duration {
		return durationpb.New(time.Duration(least)*24*time.Hour + time.Duration(c.serial)*time.Second)
	}
	set := &configv1.Settings{Context: c.context}
	switch c.context {
	case "edge":
		set.Value = &configv1.Settings_Edge{Edge: &edgev1.Settings{MailsRate: new(fmt.Sprintf("%d/s", 9_000_000+c.serial))}}
	case "shop":
		set.Value = &configv1.Settings_Shop{Shop: &shopv1.Settings{Currency: new([]string{"EUR", "USD", "GBP", "CHF", "SEK"}[c.serial%5])}}
	case "storefront":
		set.Value = &configv1.Settings_Storefront{Storefront: &storefrontv1.Settings{Accent: storefrontv1.Accent(1 + c.serial%8).Enum()}}
	case "customer":
		set.Value = &configv1.Settings_Customer{Customer: &customerv1.Settings{EventRetention: days(7)}}
	case "identity":
		set.Value = &configv1.Settings_Identity{Identity: &identityv1.Settings{SigningKeyPeriod: days(30)}}
	case "inventory":
		set.Value = &configv1.Settings_Inventory{Inventory: &inventoryv1.Settings{LowStockThreshold: new(int64(c.serial))}}
	case "notification":
		set.Value = &configv1.Settings_Notification{Notification: &notificationv1.Settings{BodyRetention: days(90)}}
	case "order":
		set.Value = &configv1.Settings_Order{Order: &orderv1.Settings{IdempotencyRetention: days(2)}}
	case "payment":
		set.Value = &configv1.Settings_Payment{Payment: &paymentv1.Settings{IdempotencyRetention: days(2)}}
	}
	return set
}

// outOfBounds is a change that must be refused.
func outOfBounds(context string) *configv1.Settings {
	set, second := &configv1.Settings{Context: context}, durationpb.New(time.Second)
	switch context {
	case "edge":
		set.Value = &configv1.Settings_Edge{Edge: &edgev1.Settings{MailsRate: new("many")}}
	case "shop":
		set.Value = &configv1.Settings_Shop{Shop: &shopv1.Settings{Currency: new("euro")}}
	case "storefront":
		set.Value = &configv1.Settings_Storefront{Storefront: &storefrontv1.Settings{Languages: []string{"fr"}}}
	case "customer":
		set.Value = &configv1.Settings_Customer{Customer: &customerv1.Settings{EventRetention: second}}
	case "identity":
		set.Value = &configv1.Settings_Identity{Identity: &identityv1.Settings{SigningKeyPeriod: second}}
	case "inventory":
		set.Value = &configv1.Settings_Inventory{Inventory: &inventoryv1.Settings{LowStockThreshold: new(int64(-1))}}
	case "notification":
		set.Value = &configv1.Settings_Notification{Notification: &notificationv1.Settings{BodyRetention: second}}
	case "order":
		set.Value = &configv1.Settings_Order{Order: &orderv1.Settings{IdempotencyRetention: second}}
	case "payment":
		set.Value = &configv1.Settings_Payment{Payment: &paymentv1.Settings{IdempotencyRetention: second}}
	}
	return set
}

// changeSettings is an owner who changes settings, one context after the other: until selling
// ends, but each context's twice in any case.
func (d *driver) changeSettings(selling context.Context) {
	rng, n := d.random(settingsStream), len(d.book.settings)
	for i := 0; ; i++ {
		over := sleep(selling, time.Duration(200+rng.IntN(800))*time.Millisecond) != nil
		if over && i >= 2*n || d.patience.Err() != nil {
			return
		}
		c := d.book.settings[i%n]
		if c.lost {
			continue
		}
		switch kind := rng.IntN(5); {
		case i < n:
			d.update(rng, c)
		case i < 2*n || kind == 1:
			d.rollBack(rng, c)
		case kind > 1:
			d.update(rng, c)
		default:
			d.updateAtOnce(rng, c)
		}
		if i%3 == 0 && c.former != "" && !c.lost {
			d.mustRefuseSettings(rng, c, c.harmless(), c.former, "UpdateSettings with a stale etag", "ETAG_MISMATCH")
		}
		if i%4 == 0 && !c.lost {
			d.mustRefuseSettings(rng, c, outOfBounds(c.context), "", "UpdateSettings out of bounds", "INVALID_FIELD")
		}
	}
}

// findSettings notes a finding about the settings of a context.
func (d *driver) findSettings(c *contextSettings, kind, format string, args ...any) {
	d.book.find(finding{kind: kind, subject: "settings of " + c.context, message: fmt.Sprintf(format, args...)})
}

func (d *driver) sendSettings(rng *rand.Rand, w *write, set *configv1.Settings, etag string) (*configv1.Settings, error) {
	set = proto.CloneOf(set)
	set.Etag = etag
	res, err := callUntilAnswered(d.caller, rng, "config", w, func(ctx context.Context, k *endpoint) (*configv1.UpdateSettingsResponse, error) {
		return k.config.UpdateSettings(ctx, &configv1.UpdateSettingsRequest{Settings: set})
	})
	return res.GetSettings(), err
}

func (d *driver) update(rng *rand.Rand, c *contextSettings) {
	w, set := &write{kind: "UpdateSettings"}, c.harmless()
	next := settingsVersion{settings: c.with(set)}
	got, err := d.sendSettings(rng, w, set, c.etag)
	d.changed(c, w, got, err, next)
}

// rollBack goes back to an earlier version that held something else.
func (d *driver) rollBack(rng *rand.Rand, c *contextSettings) {
	earlier := slices.IndexFunc(c.versions, func(v settingsVersion) bool { return !proto.Equal(v.settings, c.current()) })
	if earlier < 0 {
		d.update(rng, c)
		return
	}
	w, etag, to := &write{kind: "RollbackSettings"}, c.etag, int64(earlier+1)
	res, err := callUntilAnswered(d.caller, rng, "config", w, func(ctx context.Context, k *endpoint) (*configv1.RollbackSettingsResponse, error) {
		return k.config.RollbackSettings(ctx, &configv1.RollbackSettingsRequest{Context: c.context, Version: to, Etag: etag})
	})
	d.changed(c, w, res.GetSettings(), err, settingsVersion{settings: c.versions[earlier].settings, restored: &to})
}

// changed notes what came of a change. One that is refused for its etag after an attempt
// without an answer was made by that attempt, if the next version is of it.
func (d *driver) changed(c *contextSettings, w *write, got *configv1.Settings, err error, next settingsVersion) {
	switch {
	case err == nil:
		d.takeSettings(c, w, got, next)
	case reasonOf(err) == "ETAG_MISMATCH" && w.lost > 0:
		d.lookForChange(c, []*write{w}, []settingsVersion{next})
	case final(err):
		c.lost = true
		d.record(w, refused, reasonOf(err))
	default:
		c.lost = true
		d.findSettings(c, "NEVER_ANSWERED", "%s had no answer after the faults were over", w.kind)
	}
}

func (d *driver) takeSettings(c *contextSettings, w *write, got *configv1.Settings, next settingsVersion) {
	d.record(w, acknowledged, "")
	if got.GetVersion() != c.version()+1 || !sameSettings(got, next.settings) {
		d.findSettings(c, "SETTINGS_DIFFER", "%s of version %d to %v answered %v", w.kind, c.version(), next.settings, got)
	}
	c.take(next, got.GetEtag())
}

// sameSettings compares what is set, and not when and by whom.
func sameSettings(got, want *configv1.Settings) bool {
	return proto.Equal(&configv1.Settings{Context: got.GetContext(), Value: got.GetValue()}, want)
}

// lookForChange finds which of some changes is the next version.
func (d *driver) lookForChange(c *contextSettings, writes []*write, nexts []settingsVersion) {
	var found *configv1.SettingsVersion
	err := pages(d.patience, d, "config", func(ctx context.Context, k *endpoint, token string) ([]*configv1.SettingsVersion, string, error) {
		res, err := k.config.ListSettingsVersions(ctx, &configv1.ListSettingsVersionsRequest{Context: c.context, PageSize: 1000, PageToken: token})
		return res.GetVersions(), res.GetNextPageToken(), err
	}, func(some []*configv1.SettingsVersion) {
		for _, v := range some {
			if v.GetSettings().GetVersion() == c.version()+1 {
				found = v
			}
		}
	})
	if err != nil {
		c.lost = true
		d.findSettings(c, "NEVER_ANSWERED", "the list of versions: %v", err)
		return
	}
	for i, next := range nexts {
		if found != nil && sameVersion(found, next) {
			d.takeSettings(c, writes[i], found.GetSettings(), next)
			return
		}
	}
	c.lost = true
	d.findSettings(c, "CHANGE_REFUSED", "a change of version %d was refused for its etag, and the next version is %v", c.version(), found)
}

func sameVersion(got *configv1.SettingsVersion, want settingsVersion) bool {
	return sameSettings(got.GetSettings(), want.settings) && (got.RestoredVersion == nil) == (want.restored == nil) &&
		(want.restored == nil || got.GetRestoredVersion() == *want.restored)
}

// updateAtOnce sends two changes with the same etag at the same time: one of them is made.
func (d *driver) updateAtOnce(rng *rand.Rand, c *contextSettings) {
	sets := []*configv1.Settings{c.harmless(), c.harmless()}
	writes := []*write{{kind: "UpdateSettings"}, {kind: "UpdateSettings"}}
	nexts := []settingsVersion{{settings: c.with(sets[0])}, {settings: c.with(sets[1])}}
	var got [2]*configv1.Settings
	var errs [2]error
	one := func(i int) func(*rand.Rand) {
		return func(rng *rand.Rand) { got[i], errs[i] = d.sendSettings(rng, writes[i], sets[i], c.etag) }
	}
	d.both(rng, one(0), one(1))
	switch {
	case errs[0] == nil && errs[1] == nil:
		c.lost = true
		d.findSettings(c, "TWO_WITH_ONE_ETAG", "two changes of version %d were acknowledged: %v and %v", c.version(), got[0], got[1])
	case errs[0] == nil:
		d.takeSettings(c, writes[0], got[0], nexts[0])
	case errs[1] == nil:
		d.takeSettings(c, writes[1], got[1], nexts[1])
	default:
		d.lookForChange(c, writes, nexts)
	}
}

// mustRefuseSettings tries a change that has to be refused.
func (d *driver) mustRefuseSettings(rng *rand.Rand, c *contextSettings, set *configv1.Settings, etag, what, want string) {
	_, err := d.sendSettings(rng, &write{kind: strings.Fields(what)[0]}, set, etag)
	switch reason := reasonOf(err); {
	case reason == want:
		d.tally.rightlyRefused(what)
	case err == nil || final(err):
		c.lost = true
		d.findSettings(c, "NOT_REFUSED", "%s was answered with %v, want %s", what, err, want)
	}
}
