// Command customer runs customer as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/customer"
)

func main() {
	services.Main(customer.Name, func(env app.Environment) (fx.Option, error) {
		return customer.Module(customer.Config{Context: env.Context}), nil
	})
}
