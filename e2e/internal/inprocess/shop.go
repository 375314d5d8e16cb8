// Package inprocess serves all contexts in the process of a test.
package inprocess

import (
	"log/slog"
	"testing"
	"testing/fstest"

	"go.uber.org/fx"

	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
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

// Config is what shops differ in.
type Config struct {
	Broker kafka.Config
	// Process states who calls. Serve sets its name, its ports and its log.
	Process kitapp.Process
	// Identity is all but its database and its key.
	Identity identity.Config
	// Payment is all but its databases and the shop's address.
	Payment payment.Config
	// SMTPURL is where mails go.
	SMTPURL string
	// Options are applied beside the contexts' modules.
	Options []fx.Option
}

// Shop is one that serves.
type Shop struct {
	kitapp.Addresses

	// Stop stops it before the test ends.
	Stop func()
	// The databases of contexts are URLs.
	IdentityDatabase, PaymentDatabase, InventoryDatabase, OrderDatabase string
}

// Serve serves a shop on databases of its own until the test ends.
func Serve(t *testing.T, c Config) Shop {
	t.Helper()
	s := Shop{
		IdentityDatabase: testkit.DatabaseURL(t, identity.Migrations()), PaymentDatabase: testkit.DatabaseURL(t, payment.Migrations()),
		OrderDatabase:     testkit.DatabaseURL(t, order.Migrations()),
		InventoryDatabase: testkit.DatabaseURL(t, inventory.Migrations()),
	}
	process := c.Process
	process.Name, process.Log = "shopmesh", slog.New(slog.DiscardHandler)
	s.Addresses, s.Stop = apptest.Serve(t, process, append(c.modules(t, s), c.Options...)...)
	return s
}

func (c Config) modules(t *testing.T, s Shop) []fx.Option {
	t.Helper()
	on := func(url string) kitapp.ContextConfig {
		return kitapp.ContextConfig{Database: pg.Config{URL: url}, Kafka: c.Broker, SoleWriter: true}
	}
	accounts := c.Identity
	accounts.Context, accounts.Key = on(s.IdentityDatabase), identity.NewKey()
	payments := c.Payment
	payments.Context, payments.SandboxDatabase = on(s.PaymentDatabase), pg.Config{URL: testkit.DatabaseURL(t, fstest.MapFS{})}
	payments.Context.Secrets, payments.PublicURL = c.Payment.Context.Secrets, c.Identity.PublicURL
	return []fx.Option{
		config.Module(config.Config{Context: on(testkit.DatabaseURL(t, config.Migrations()))}),
		catalog.Module(catalog.Config{Context: on(testkit.DatabaseURL(t, catalog.Migrations()))}),
		customer.Module(customer.Config{Context: on(testkit.DatabaseURL(t, customer.Migrations()))}),
		identity.Module(accounts),
		inventory.Module(inventory.Config{Context: on(s.InventoryDatabase)}),
		order.Module(order.Config{Context: on(s.OrderDatabase), PublicURL: c.Identity.PublicURL}),
		payment.Module(payments),
		notification.Module(notification.Config{Context: on(testkit.DatabaseURL(t, notification.Migrations())), SMTPURL: c.SMTPURL}),
		storefront.Module(storefront.Config{Context: on(testkit.DatabaseURL(t, storefront.Migrations())), PublicURL: c.Identity.PublicURL}),
	}
}
