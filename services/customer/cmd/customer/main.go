// Command customer runs the customers' context as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services/customer"
)

func main() {
	app.Main(customer.Name, func(env app.Environment) fx.Option {
		return customer.Module(customer.Config{Context: env.Context})
	})
}
