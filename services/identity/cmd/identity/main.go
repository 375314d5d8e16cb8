// Command identity runs identity as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

func main() {
	services.Main(identity.Name, func(env app.Environment) (fx.Option, error) {
		return identity.Module(identity.Config{Context: env.Context}), nil
	})
}
