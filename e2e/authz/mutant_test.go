package authz_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
)

// In a shop in which the options of some RPCs are others, the matrix reports each cell of
// these RPCs in which somebody is let in, or is not, and no other cell.
func TestTheMatrixFindsMutants(t *testing.T) {
	t.Parallel()
	mutants := map[string]struct {
		change func(*optionsv1.Authorization)
		// callers are those of the cells that are reported, in all rows of the RPC.
		callers []string
	}{
		"CategoryService/UpdateCategory": { // made public
			func(option *optionsv1.Authorization) { proto.Reset(option); option.Public = true },
			[]string{anonymous, ada, other, guest, otherGuest, withCart, staff, staffWithout, otherService, keyWithout},
		},
		"OrderService/GetOrder": { // a permission is dropped
			func(option *optionsv1.Authorization) { option.Permission = optionsv1.Permission_PERMISSION_UNSPECIFIED },
			[]string{staffWith, service, keyWith},
		},
		"AccountService/EnrollTotp": { // a restriction is dropped
			func(option *optionsv1.Authorization) { option.StepUp = false },
			[]string{ownerStale},
		},
		"PaymentService/ListPayments": { // another permission
			func(option *optionsv1.Authorization) {
				option.Permission = optionsv1.Permission_PERMISSION_PAYMENTS_REFUND
			},
			[]string{staffWith, staffWithout, service, keyWith, keyWithout},
		},
	}
	s := openShop(t, func(spec connect.Spec) connect.Spec {
		method, _ := spec.Schema.(protoreflect.MethodDescriptor)
		if mutant, known := mutants[nameOf(method)]; known {
			spec.Schema = alter(method, mutant.change)
		}
		return spec
	})
	m := newMatrix(s)
	m.ways = func(by way) bool { return by == way{connectPOST, api} }
	want := make(map[string]bool)
	var rows []row
	for _, r := range readTable(t) {
		service, _, _ := strings.Cut(r.rpc, "/")
		beside := slices.Contains([]string{"CategoryService", "OrderService", "PaymentService"}, service) && fixtures[r.rpc].read == nil
		if mutants[r.rpc].change != nil || beside {
			rows = append(rows, r)
		}
		for _, column := range mutants[r.rpc].callers {
			if r.cells[column] != none {
				want[r.String()+", "+column] = true
			}
		}
	}
	m.try(rows, columns)
	reported := make(map[string]bool)
	for _, wrong := range m.wrong {
		column, _, _ := strings.Cut(wrong.caller, " ")
		if wrong.caller != refusedOnes { // what they changed is reported, too
			reported[wrong.row.String()+", "+column] = true
		}
	}
	if !maps.Equal(reported, want) {
		t.Errorf("reported is %q, want %q", slices.Sorted(maps.Keys(reported)), slices.Sorted(maps.Keys(want)))
	}
}

// altered is an RPC with another option.
type altered struct {
	protoreflect.MethodDescriptor

	options *descriptorpb.MethodOptions
}

func (a altered) Options() protoreflect.ProtoMessage { return a.options }

func alter(method protoreflect.MethodDescriptor, change func(*optionsv1.Authorization)) protoreflect.MethodDescriptor {
	given, _ := method.Options().(*descriptorpb.MethodOptions)
	options := proto.CloneOf(given)
	option, _ := proto.GetExtension(options, optionsv1.E_Authorization).(*optionsv1.Authorization)
	change(option)
	proto.SetExtension(options, optionsv1.E_Authorization, option)
	return altered{method, options}
}
