// Command payment runs payment as a process of its own. Beside the variables of
// every service it needs SHOPMESH_SANDBOX_DATABASE_URL (or …_FILE): the database of
// the sandbox provider's own ledger, another one than payment's; and the secrets that its
// settings name, for payments by Stripe, in SHOPMESH_SECRET_<NAME>.
package main

import (
	"errors"

	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/payment"
)

var errNoSandbox = errors.New("SHOPMESH_SANDBOX_DATABASE_URL is not set: " +
	"give the URL of the sandbox provider's own database, such as postgres://sandbox:…@db:5432/sandbox")

func main() {
	services.Main(payment.Name, func(env app.Environment) (fx.Option, error) {
		sandbox, err := app.Credential("SHOPMESH_SANDBOX_DATABASE_URL")
		if err == nil && sandbox == "" {
			err = errNoSandbox
		}
		if err != nil {
			return nil, err
		}
		stripe, err := payment.StripeURLFromEnv()
		if err != nil {
			return nil, err
		}
		return payment.Module(payment.Config{Context: env.Context, SandboxDatabase: pg.Config{URL: sandbox}, StripeURL: stripe, PublicURL: env.PublicURL}), nil
	})
}
