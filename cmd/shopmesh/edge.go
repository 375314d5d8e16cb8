package main

import (
	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// edgeFlags are the flags of how the outside world reaches a shop, as they are written.
type edgeFlags struct {
	proxies string
	rates   string
}

func (e *edgeFlags) declare(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&e.proxies, "trusted-proxies", "",
		"`networks` of the proxies that name the client in X-Forwarded-For, such as 10.0.0.0/8,192.0.2.7")
	f.StringVar(&e.rates, "rate-limits", "default",
		"how often one client may call: `limits` that differ from "+rpc.DefaultRates().String()+", or off")
}

// read puts the flags into a configuration.
func (e *edgeFlags) read(config *shop.Config) error {
	var err error
	if config.Edge.Proxies, err = rpc.ParseProxies(e.proxies); err != nil {
		return usage("--trusted-proxies: %w", err)
	}
	if config.Edge.Rates, err = rpc.ParseRates(e.rates); err != nil {
		return usage("--rate-limits: %w", err)
	}
	return nil
}
