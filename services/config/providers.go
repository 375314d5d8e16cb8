package config

import (
	"fmt"
	"strings"

	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services/config/internal/domain"
)

// Stripe is the payment provider that takes cards, in Config.Providers.
const Stripe = domain.Stripe

// ProvidersVariable names the payment providers that payment has credentials of, which
// config itself is not given.
const ProvidersVariable = "SHOPMESH_PAYMENT_PROVIDERS"

// ProvidersFromEnv reads ProvidersVariable.
func ProvidersFromEnv() ([]string, error) {
	text, err := kitapp.Credential(ProvidersVariable)
	if err != nil {
		return nil, err
	}
	var providers []string
	for name := range strings.SplitSeq(text, ",") {
		switch name = strings.TrimSpace(name); name {
		case "":
		case Stripe:
			providers = append(providers, name)
		default:
			return nil, fmt.Errorf("%s names %q: %s is the only payment provider that needs credentials", ProvidersVariable, name, Stripe)
		}
	}
	return providers, nil
}
