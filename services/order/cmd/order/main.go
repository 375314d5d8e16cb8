// Command order runs order as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services/order"
)

func main() {
	app.Main(order.Name, func(env app.Environment) fx.Option {
		return order.Module(order.Config{Context: env.Context})
	})
}
