package protoconv_test

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// What the domain numbers as the contracts do has the contracts' names, and all of them.
func TestNumbersHaveTheContractsNames(t *testing.T) {
	t.Parallel()
	for prefix, one := range map[string]struct {
		enum protoreflect.EnumDescriptor
		last int
		name func(int) fmt.Stringer
	}{
		"ACCOUNT_KIND_": {identityv1.AccountKind(0).Descriptor(), int(domain.LastKind), func(n int) fmt.Stringer { return domain.Kind(n) }},
		"ACTOR_KIND_":   {activityv1.ActorKind(0).Descriptor(), int(domain.LastActorKind), func(n int) fmt.Stringer { return domain.ActorKind(n) }},
		"OUTCOME_":      {activityv1.Outcome(0).Descriptor(), int(domain.LastOutcome), func(n int) fmt.Stringer { return domain.Outcome(n) }},
		"PERMISSION_":   {optionsv1.Permission(0).Descriptor(), int(domain.LastPermission), func(n int) fmt.Stringer { return domain.Permission(n) }},
	} {
		if values := one.enum.Values().Len(); values != one.last+1 {
			t.Errorf("%s has %d values, and the domain knows %d", prefix, values-1, one.last)
		}
		for n := range one.last + 1 {
			value := one.enum.Values().ByNumber(protoreflect.EnumNumber(n)) //nolint:gosec // small
			if want := prefix + one.name(n).String(); value == nil || string(value.Name()) != want {
				t.Errorf("%d is %v in the contract, and %s in the domain", n, value, want)
			}
		}
	}
}
