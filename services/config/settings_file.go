package config

import (
	"fmt"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/config/internal/protoconv"
)

// CheckFile refuses a settings file that UpdateSettings would refuse: one with a section
// that belongs to no context, a value that breaks a rule, or settings of two contexts that
// contradict each other. An empty file name is good.
func CheckFile(file string) error {
	if err := settings.Check(file, protoconv.Contexts()...); err != nil {
		return err
	}
	sections := make(map[string]*configv1.Settings)
	for _, context := range protoconv.Contexts() {
		sections[context] = protoconv.Empty(context)
		if err := settings.Section(file, context, protoconv.Value(sections[context])); err != nil {
			return err
		}
	}
	shop := protoconv.Shop(func(context string) *configv1.Settings { return sections[context] })
	if broken := shop.Check(); len(broken) > 0 {
		return fmt.Errorf("settings in %s: %s: %s", file, broken[0].Field, broken[0].Description)
	}
	return nil
}
