package app

import (
	"context"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/settings"
)

// followSettings applies changes of a context's settings from now on. It waits for nobody:
// neither for the topics nor for config.
func (h *host) followSettings(context string) {
	deps, ok := h.contexts[context]
	if ok && deps.settings.Follows() {
		h.supervisor.start(context, Runner{Name: "settings", Run: deps.settings.Run})
	}
}

// withSettings adds to what operators see of a context which settings it applies.
type withSettings struct {
	operations.Context

	settings *settings.Source // nil for a context without a database
}

// Status is the context's with the version of its settings.
func (c withSettings) Status(ctx context.Context) *operationsv1.ContextStatus {
	status := c.Context.Status(ctx)
	if c.settings == nil {
		return status
	}
	status.SettingsVersion = c.settings.Version()
	if status.GetReady() {
		for _, err := range c.settings.Conditions() {
			status.Conditions = append(status.Conditions, err.Error())
		}
	}
	return status
}

// Conditions are the context's and those of its settings.
func (c withSettings) Conditions(ctx context.Context) []error {
	all := c.Context.Conditions(ctx)
	if c.settings != nil {
		all = append(all, c.settings.Conditions()...)
	}
	return all
}
