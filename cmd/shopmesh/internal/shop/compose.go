package shop

import (
	"context"
	"net/http"

	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/embedded"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog"
	"github.com/shopmesh/shopmesh/services/customer"
	"github.com/shopmesh/shopmesh/services/inventory"
	"github.com/shopmesh/shopmesh/services/notification"
	"github.com/shopmesh/shopmesh/services/order"
	"github.com/shopmesh/shopmesh/services/payment"
)

// parts are the embedded parts that the services stand on.
type parts struct {
	config   Config
	postgres *embedded.Postgres
	broker   *embedded.Broker
	internal map[string]http.Handler
	// troubles say what is wrong with the embedded parts.
	troubles []func(context.Context) error
}

// The databases: one for each context that keeps data, and the sandbox
// provider's own.
const sandbox = "shopmesh_sandbox"

func databaseOf(context string) string { return "shopmesh_" + context }

// contexts are all that the shop consists of.
func contexts() []string {
	return []string{catalog.Name, customer.Name, inventory.Name, notification.Name, order.Name, payment.Name}
}

func databases() []string {
	names := []string{sandbox}
	for _, context := range contexts() {
		names = append(names, databaseOf(context))
	}
	return names
}

// maxConnections is what the pools of all contexts may open together, with the
// relays' own and some for an operator.
const maxConnections = 120

// context is the ground of one context: the data directory's lock proves that
// nobody else writes to it.
func (p parts) context(name string) app.ContextConfig {
	return app.ContextConfig{
		Database:     pg.Config{URL: p.postgres.URL(databaseOf(name))},
		Kafka:        kafka.Config{Brokers: p.broker.Addrs(), Dial: p.broker.Dial, Embedded: true},
		SettingsFile: p.config.SettingsFile,
		SoleWriter:   true,
	}
}

// modules are all contexts of the shop.
func modules(p parts) []fx.Option {
	return []fx.Option{
		catalog.Module(catalog.Config{Context: p.context("catalog")}),
		customer.Module(customer.Config{Context: p.context("customer")}),
		inventory.Module(inventory.Config{Context: p.context("inventory")}),
		order.Module(order.Config{Context: p.context("order")}),
		payment.Module(payment.Config{Context: p.context("payment"), SandboxDatabase: pg.Config{URL: p.postgres.URL(sandbox)}, Stripe: p.config.Stripe}),
		notification.Module(notification.Config{Context: p.context("notification"), SMTPURL: p.config.SMTPURL}),
	}
}
