// Command identity runs identity as a process of its own. Beside the variables of every
// service it needs SHOPMESH_IDENTITY_KEY (or …_FILE), which encrypts the secrets in its
// database. Its commands token and owner are for operators who reach the machine, or the
// container, of the identity that serves.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

func main() {
	identity.HashPasswords()
	services.Main(identity.Name, func(env app.Environment) (fx.Option, error) {
		key, err := identity.KeyFromEnv()
		if err != nil {
			return nil, err
		}
		hasher, err := identity.HashCommand()
		if err != nil {
			return nil, err
		}
		cfg := identity.Config{
			Context: env.Context, Key: key, PublicURL: env.PublicURL, Public: env.Process.Edge.Public(env.Process.Listen, env.Process.InternalListen), Contexts: services.Contexts(), Hasher: hasher,
		}
		return identity.Module(cfg), cfg.Check()
	}, identity.Commands()...)
}
