// Command inventory runs inventory as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/inventory"
)

func main() {
	services.Main(inventory.Name, func(env app.Environment) (fx.Option, error) {
		return inventory.Module(inventory.Config{Context: env.Context}), nil
	})
}
