// Command notification runs notification as a process of its own.
package main

import (
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/notification"
)

func main() {
	services.Main(notification.Name, func(env app.Environment) (fx.Option, error) {
		return notification.Module(notification.Config{Context: env.Context, SMTPURL: env.SMTPURL}), nil
	})
}
