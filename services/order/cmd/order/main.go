// Command order runs order as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/order"
)

func main() {
	services.Main(order.Name, func(env app.Environment) (fx.Option, error) {
		return order.Module(order.Config{Context: env.Context, PublicURL: env.PublicURL}), nil
	})
}
