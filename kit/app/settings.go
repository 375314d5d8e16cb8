package app

import (
	"context"
	"sync"

	"go.uber.org/fx"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/settings"
)

// OpenSettings opens settings that are not the context's own, such as those of the shop as a
// whole. It is called once for a name, while the module is built; they follow config and
// count for readiness like the context's own.
type OpenSettings func(name string) (*settings.Source, error)

// appliedSettings are the settings that a context applies, by their names.
type appliedSettings struct {
	process processContext
	config  settings.Config // without the name

	mu      sync.Mutex
	sources []*settings.Source
}

// provideSettings provides the context's own settings, and how to open others.
func provideSettings(name string) fx.Option {
	return fx.Provide(
		func(applied *appliedSettings) (*settings.Source, error) { return applied.open(name) },
		func(applied *appliedSettings) OpenSettings { return applied.open },
		fx.Private,
	)
}

func (a *appliedSettings) open(name string) (*settings.Source, error) {
	ctx, cancel := context.WithTimeout(a.process, migrateTimeout)
	defer cancel()
	config := a.config
	config.Context = name
	source, err := settings.NewSource(ctx, config)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sources = append(a.sources, source)
	return source, nil
}

func (a *appliedSettings) all() []*settings.Source {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sources
}

// conditions are what is wrong with the settings that a context applies.
func (a *appliedSettings) conditions() []error {
	var all []error
	for _, source := range a.all() {
		all = append(all, source.Conditions()...)
	}
	return all
}

// followSettings applies changes of a context's settings from now on. It waits for nobody:
// neither for the topics nor for config.
func (h *host) followSettings(context string) {
	deps, ok := h.contexts[context]
	if !ok {
		return
	}
	for _, source := range deps.applied.all() {
		if source.Follows() {
			h.supervisor.start(context, Runner{Name: "settings of " + source.Context(), Run: source.Run})
		}
	}
}

// withSettings adds to what operators see of a context which settings it applies.
type withSettings struct {
	operations.Context

	applied *appliedSettings // nil for a context without a database
}

// Status is the context's with the versions of its settings.
func (c withSettings) Status(ctx context.Context) *operationsv1.ContextStatus {
	status := c.Context.Status(ctx)
	if c.applied == nil {
		return status
	}
	for _, source := range c.applied.all() {
		if source.Context() == status.GetContext() {
			status.SettingsVersion = source.Version()
			continue
		}
		if status.OtherSettingsVersions == nil {
			status.OtherSettingsVersions = make(map[string]int64)
		}
		status.OtherSettingsVersions[source.Context()] = source.Version()
	}
	if status.GetReady() {
		for _, err := range c.applied.conditions() {
			status.Conditions = append(status.Conditions, err.Error())
		}
	}
	return status
}

// Conditions are the context's and those of its settings.
func (c withSettings) Conditions(ctx context.Context) []error {
	all := c.Context.Conditions(ctx)
	if c.applied != nil {
		all = append(all, c.applied.conditions()...)
	}
	return all
}
