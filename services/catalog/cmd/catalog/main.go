// Command catalog runs catalog as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/catalog"
)

func main() {
	services.Main(catalog.Name, func(env app.Environment) (fx.Option, error) {
		return catalog.Module(catalog.Config{Context: env.Context}), nil
	})
}
