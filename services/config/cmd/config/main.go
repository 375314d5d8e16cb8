// Command config runs config as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/config"
)

func main() {
	services.Main(config.Name, func(env app.Environment) (fx.Option, error) {
		return config.Module(config.Config{Context: env.Context}), nil
	})
}
