package domain

import (
	"fmt"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Settings are what the owner may set that concerns the catalog.
type Settings struct {
	// DefaultCurrency is the ISO 4217 code of prices that name none.
	DefaultCurrency string
}

// NewSettings refuses a currency that ISO 4217 does not know.
func NewSettings(defaultCurrency string) (Settings, error) {
	if !money.Valid(defaultCurrency) {
		return Settings{}, fmt.Errorf("settings of shop: currency %q is no ISO 4217 code", defaultCurrency)
	}
	return Settings{DefaultCurrency: defaultCurrency}, nil
}
