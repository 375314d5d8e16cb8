// Command storefront runs the storefront as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/storefront"
)

func main() {
	services.Main(storefront.Name, func(env app.Environment) (fx.Option, error) {
		return storefront.Module(storefront.Config{Context: env.Context, PublicURL: env.PublicURL}), nil
	})
}
