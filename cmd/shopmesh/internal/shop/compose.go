package shop

import (
	"cmp"
	"context"

	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/embedded/broker"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/catalog"
	"github.com/shopmesh/shopmesh/services/config"
	"github.com/shopmesh/shopmesh/services/customer"
	"github.com/shopmesh/shopmesh/services/identity"
	"github.com/shopmesh/shopmesh/services/inventory"
	"github.com/shopmesh/shopmesh/services/notification"
	"github.com/shopmesh/shopmesh/services/order"
	"github.com/shopmesh/shopmesh/services/payment"
	"github.com/shopmesh/shopmesh/services/storefront"
)

// components are the embedded components that the services stand on.
type components struct {
	config   Config
	postgres *postgres.Server
	broker   *broker.Broker
	// access lets callers into the inbox; nil with a mail server of others.
	access *inbox.Access
	// inboxLink is the file that the link to the inbox is kept in.
	inboxLink string
	// ownerLink is the file that the first owner's link is kept in.
	ownerLink string
	// demoFile is the file that the passwords of the demo's people are noted in.
	demoFile string
	// conditions are what is wrong with the embedded components.
	conditions []func(context.Context) error
}

// The databases: one for each context that keeps data, and the sandbox
// provider's own.
const sandbox = "shopmesh_sandbox"

func databaseOf(context string) string { return "shopmesh_" + context }

func databases() []string {
	names := []string{sandbox}
	for _, context := range services.Contexts() {
		names = append(names, databaseOf(context))
	}
	return names
}

// maxConnections is what the pools of all contexts may open together, with the
// relays' own and some for an operator.
const maxConnections = 120

// context is what one context runs on: the data directory's lock proves that
// nobody else writes to it.
func (c components) context(name string) app.ContextConfig {
	return app.ContextConfig{
		Database:     pg.Config{URL: c.postgres.URL(databaseOf(name))},
		Kafka:        kafka.Config{Brokers: c.broker.Addrs(), Dial: c.broker.Dial, Embedded: true},
		SettingsFile: c.config.SettingsFile,
		Secrets:      c.config.Secrets,
		SoleWriter:   true,
	}
}

// publicURL is where the shop is reached.
func (c components) publicURL() string {
	return cmp.Or(c.config.PublicURL, app.DefaultPublicURL(c.config.Listen, c.config.Edge.Certificate != nil))
}

// checkSettings refuses a settings file that contradicts itself or the shop.
func checkSettings(shop Config) error { return config.CheckFile(shop.SettingsFile) }

// modules are all contexts of the shop.
func modules(c components) []fx.Option {
	return []fx.Option{
		catalog.Module(catalog.Config{Context: c.context("catalog")}),
		config.Module(config.Config{Context: c.context("config")}),
		customer.Module(customer.Config{Context: c.context("customer")}),
		identity.Module(identity.Config{
			Context: c.context("identity"), Key: c.config.IdentityKey, PublicURL: c.publicURL(),
			Public: c.config.Edge.Public(c.config.Listen, c.config.InternalListen), Contexts: services.Contexts(), Hasher: c.config.Hasher,
			KeepOwnerLink: c.keepOwnerLink(),
		}),
		inventory.Module(inventory.Config{Context: c.context("inventory")}),
		order.Module(order.Config{Context: c.context("order"), PublicURL: c.publicURL()}),
		payment.Module(payment.Config{
			Context: c.context("payment"), SandboxDatabase: pg.Config{URL: c.postgres.URL(sandbox)}, StripeURL: c.config.StripeURL, PublicURL: c.publicURL(),
		}),
		notification.Module(notification.Config{Context: c.context("notification"), SMTPURL: c.config.SMTPURL}),
		storefront.Module(storefront.Config{Context: c.context("storefront"), PublicURL: c.publicURL()}),
	}
}
