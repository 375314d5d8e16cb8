package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
)

// The list of versions is that of the acknowledged changes, each once and in their order.
func TestVersionsAreCompared(t *testing.T) {
	t.Parallel()
	c := &contextSettings{context: "inventory"}
	back := int64(1)
	c.take(settingsVersion{settings: c.harmless()}, "e1")
	c.take(settingsVersion{settings: c.with(c.harmless())}, "e2")
	c.take(settingsVersion{settings: c.versions[0].settings, restored: &back}, "e3")
	version := func(number, of int64, etag string, restored *int64) *configv1.SettingsVersion {
		set := proto.CloneOf(c.versions[of-1].settings)
		set.Version, set.Etag, set.Actor = number, etag, "owner"
		return &configv1.SettingsVersion{Settings: set, RestoredVersion: restored}
	}
	right := []*configv1.SettingsVersion{version(1, 1, "e1", nil), version(2, 2, "e2", nil), version(3, 3, "e3", &back)}
	with := func(i int, v *configv1.SettingsVersion) []*configv1.SettingsVersion {
		changed := slices.Clone(right)
		changed[i] = v
		return changed
	}
	for name, row := range map[string]struct {
		got  []*configv1.SettingsVersion
		want []string
	}{
		"as acknowledged": {right, nil},
		"one gone":        {right[:2], []string{"ACKNOWLEDGED_AND_GONE"}},
		"one more":        {append(slices.Clone(right), version(4, 2, "e4", nil)), []string{"NOBODYS_CHANGE"}},
		"one twice":       {append(slices.Clone(right[:2]), right[1], right[2]), []string{"VERSION_DIFFERS"}},
		"another value":   {with(1, version(2, 1, "e2", nil)), []string{"VERSION_DIFFERS"}},
		"no rollback":     {with(2, version(3, 3, "e3", nil)), []string{"VERSION_DIFFERS"}},
		"a number apart":  {with(2, version(4, 3, "e3", &back)), []string{"VERSION_DIFFERS"}},
		"another etag":    {with(2, version(3, 3, "e9", &back)), []string{"VERSION_DIFFERS"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := books()
			if books.judgeVersions(c, row.got); !slices.Equal(kinds(books), row.want) {
				t.Errorf("found %v, want %v", books.book.findings, row.want)
			}
		})
	}
}

// fakeStatus is a process that reports a version for each context.
type fakeStatus struct {
	operationsv1connect.OperationsServiceClient
	versions map[string]int64 // nil for a process that is dead
}

func (f fakeStatus) GetStatus(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
	if f.versions == nil {
		return nil, errors.New("dead")
	}
	res := &operationsv1.GetStatusResponse{}
	for name, version := range f.versions {
		if name != "shop" {
			res.Contexts = append(res.Contexts, &operationsv1.ContextStatus{Context: name, SettingsVersion: version})
		}
	}
	if version, applies := f.versions["shop"]; applies {
		res.Contexts[0].OtherSettingsVersions = map[string]int64{"shop": version}
	}
	return res, nil
}

// Every process applies the version in force; one that began without config does not apply
// the defaults.
func TestAppliedSettingsAreCompared(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		second map[string]int64
		want   string
		lost   bool
	}{
		"in force":     {second: map[string]int64{"order": 2, "config": 0}},
		"an old one":   {second: map[string]int64{"order": 1}, want: "order 2 applies version 1"},
		"the defaults": {second: map[string]int64{"order": 0}, want: "order 2 applies version 0", lost: true},
		"the shop's":   {second: map[string]int64{"order": 2, "shop": 3}, want: "order 2 applies version 3 of the settings of shop in order"},
		"dead":         {want: "order 2 does not report"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := books()
			c.book.settings = []*contextSettings{{context: "order", versions: make([]settingsVersion, 2), begun: 1}, {context: "shop", versions: make([]settingsVersion, 4)}}
			c.replicas = func() []*replica {
				return []*replica{
					{name: "order 1", operations: fakeStatus{versions: map[string]int64{"order": 2}}}, {name: "order 2", operations: fakeStatus{versions: row.second}},
				}
			}
			if got := c.compareApplied(t.Context()); (got == "") != (row.want == "") || !strings.HasPrefix(got, row.want) {
				t.Errorf("%q, want %q", got, row.want)
			}
			if row.second == nil {
				return
			}
			if c.mustApplySettings(t.Context(), "order 2"); slices.Contains(kinds(c), "SETTINGS_LOST") != row.lost {
				t.Errorf("found %v", c.book.findings)
			}
		})
	}
}

// Each change is another one, within its bounds, and leaves the rest as it was.
func TestHarmlessChanges(t *testing.T) {
	t.Parallel()
	for _, set := range shopsSettings() {
		c := &contextSettings{context: set.GetContext()}
		c.take(settingsVersion{settings: set}, "e1")
		for range 12 {
			next := c.with(c.harmless())
			if proto.Equal(next, c.current()) || next.GetContext() != c.context {
				t.Errorf("%v follows %v", next, c.current())
			}
			c.take(settingsVersion{settings: next}, "e")
		}
		if set.GetOrder() != nil && c.current().GetOrder().GetMaxUnpaidOrders() != set.GetOrder().GetMaxUnpaidOrders() {
			t.Errorf("the settings of order became %v", c.current())
		}
	}
}

// A round in which something was never done is found, whatever it is.
func TestTheMixIsWhole(t *testing.T) {
	t.Parallel()
	whole := func() *checker {
		c := books()
		c.book.orders = append(c.book.orders, &order{guest: true, token: "sm_go_1"})
		c.book.settings = []*contextSettings{{context: "order", versions: make([]settingsVersion, 2)}}
		for _, kind := range mixKinds() {
			c.tally.outcomes[kind+" acknowledged"] = 1
		}
		for _, what := range mixDenials() {
			c.tally.denied[what] = 1
		}
		return c
	}
	once := &counts{outages: 1}
	for _, row := range []struct {
		what   string
		counts *counts
		spoil  func(*checker)
		found  int
	}{
		{"nothing", once, func(*checker) {}, 0},
		{"a kind", once, func(c *checker) { delete(c.tally.outcomes, "MergeCart acknowledged") }, 1},
		{"a refusal", once, func(c *checker) { delete(c.tally.denied, "UpdateSettings with a stale etag") }, 1},
		{"guests", once, func(c *checker) { c.book.orders = nil }, 1},
		{"a context's settings", once, func(c *checker) { c.book.settings[0].versions = nil }, 1},
		{"config's outage", &counts{kills: map[string][2]int{"kafka": {3, 8}}}, func(*checker) {}, 1},
		{"config's turn", &counts{kills: map[string][2]int{"kafka": {3, 7}}}, func(*checker) {}, 0},
	} {
		c := whole()
		row.spoil(c)
		c.judgeMix(row.counts, true)
		if len(c.book.findings) != row.found {
			t.Errorf("without %s: found %v", row.what, c.book.findings)
		}
	}
}
