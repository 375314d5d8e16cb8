package main

import (
	"errors"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/command"
)

// edgeFlags are the flags of how the outside world reaches a shop, by the variables that
// stand for them where they are not given.
type edgeFlags map[string]*edgeFlag

type edgeFlag struct{ name, value string }

func newEdgeFlags(cmd *cobra.Command) edgeFlags {
	flags := edgeFlags{}
	add := func(variable, name, about string) {
		flags[variable] = &edgeFlag{name: "--" + name}
		cmd.Flags().StringVar(&flags[variable].value, name, "", about+" ("+variable+")")
	}
	add(app.TLSCertVariable, "tls-cert", "PEM `file` of a certificate: both addresses then speak TLS alone; renewed without a restart")
	add(app.TLSKeyVariable, "tls-key", "PEM `file` of its key")
	add(app.TrustedProxiesVariable, "trusted-proxies", "`networks` of the proxies that name the client in X-Forwarded-For, such as 10.0.0.0/8,192.0.2.7")
	return flags
}

// lookup returns what was given as a flag, or else as a variable.
func (e edgeFlags) lookup(variable string) (name, value string) {
	flag := e[variable]
	switch environment := os.Getenv(variable); {
	case flag.value != "":
		return flag.name, flag.value
	case environment != "":
		return variable, environment
	}
	return flag.name, ""
}

// read puts the flags into a configuration, and refuses addresses that they leave open.
func (e edgeFlags) read(config *shop.Config, log *slog.Logger) error {
	edge, problems := app.ReadEdge(e.lookup, log)
	if len(problems) > 0 {
		return command.NotTried(errors.Join(problems...))
	}
	for _, address := range []string{config.Listen, config.InternalListen} {
		if err := edge.CheckListen(address, "--tls-cert and --tls-key", "--trusted-proxies"); err != nil {
			return command.NotTried(err)
		}
	}
	edge.Limited = true // it has no mesh before it
	config.Edge = edge
	return nil
}
