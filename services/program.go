// Package services holds what the commands of all services share: the names of the
// contexts, which of them each one calls, and the environment variables of each.
package services

import (
	"maps"
	"slices"

	"go.uber.org/fx"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/app"
)

// peers are the contexts that each context calls.
func peers() map[string][]string {
	return map[string][]string{
		"catalog":      {"config"},
		"config":       nil,
		"customer":     {"config", "identity", "notification", "order", "payment"},
		"identity":     {"config", "customer"},
		"inventory":    {"catalog", "config"},
		"notification": {"config", "identity", "order"},
		"order":        {"catalog", "config", "inventory", "notification", "payment"},
		"payment":      {"config", "order"},
		"storefront":   {"catalog", "config", "customer", "identity", "order"},
	}
}

// Permissions returns what each context may do at those that it calls, as another context's
// verifier of tokens takes it: no more than its calls need.
func Permissions() map[string][]optionsv1.Permission {
	const (
		catalog       = optionsv1.Permission_PERMISSION_CATALOG_READ
		orders        = optionsv1.Permission_PERMISSION_ORDERS_READ
		payments      = optionsv1.Permission_PERMISSION_PAYMENTS_READ
		notifications = optionsv1.Permission_PERMISSION_NOTIFICATIONS_READ
		stock         = optionsv1.Permission_PERMISSION_STOCK_READ
	)
	granted := map[string][]optionsv1.Permission{
		// It exports what others hold about people.
		"customer": {orders, payments, notifications},
		// It looks up products that it does not know yet, which may be drafts.
		"inventory": {catalog},
		// It does the same, and gathers an order's timeline.
		"order": {catalog, stock, payments, notifications},
		// It reads what was ordered, for refunds by lines.
		"payment": {orders},
	}
	for context := range peers() {
		if _, calls := granted[context]; !calls {
			granted[context] = nil // known nevertheless, for RPCs that any service may call
		}
	}
	return granted
}

// Contexts returns the names of all contexts.
func Contexts() []string { return slices.Sorted(maps.Keys(peers())) }

// Variables returns the environment variables that single contexts read, beside those
// of every service.
func Variables() []app.Variable {
	return []app.Variable{
		{
			Name: "SHOPMESH_SMTP_URL", Credential: true, Contexts: []string{"notification"},
			About: "the mail server, such as smtp://user:password@host:587; required",
		},
		{
			Name: "SHOPMESH_SANDBOX_DATABASE_URL", Credential: true, Contexts: []string{"payment"},
			About: "the database of the sandbox provider's own ledger; required",
		},
		{
			Name: "SHOPMESH_IDENTITY_KEY", Credential: true, Contexts: []string{"identity"},
			About: "encrypts the secrets in identity's database: 32 random bytes in base64; required, and kept with the backups",
		},
		{
			Name: app.OperatorSocketVariable, Contexts: []string{"identity"},
			About: "path of a Unix socket that hands out tokens to the user that identity runs as, for identity token and shopmesh token --socket; none by default",
		},
		{
			Name: "SHOPMESH_SECRET_<NAME>", Credential: true, Contexts: []string{"payment"},
			About: "the secret that its settings call NAME, such as a key of Stripe",
		},
		{Name: "SHOPMESH_STRIPE_URL", Credential: true, Contexts: []string{"payment"}, About: "another address of Stripe's API, for tests"},
	}
}

// Main is the whole main function of a context's command. commands are what it does beside
// serving.
func Main(name string, module func(app.Environment) (fx.Option, error), commands ...app.Command) {
	program := app.Program{Name: name, Peers: peers()[name], Contexts: Contexts(), Variables: Variables(), Commands: commands}
	if name != identityContext && !slices.Contains(program.Peers, identityContext) {
		program.Peers = append(program.Peers, identityContext)
	}
	program.Prepare = func(env *app.Environment) error {
		trust, err := trustFromEnv(name, *env)
		if err == nil {
			trust.Apply(&env.Process)
		}
		return err
	}
	app.Main(program, module)
}
