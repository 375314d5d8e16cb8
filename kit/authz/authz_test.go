package authz_test

import (
	"context"
	"testing"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// Each kind of caller is let in by exactly the options that name it.
func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	stockReader := authz.Identity{Kind: authz.Staff, ID: "s", Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_STOCK_READ}}
	callers := map[string]authz.Identity{
		"anonymous": {}, "customer": {Kind: authz.Customer, ID: "c"}, "staff": stockReader,
		"owner": {Kind: authz.Owner}, "service": {Kind: authz.Service, ID: "order"},
	}
	denied, unknown := fault.ReasonPermissionDenied, fault.ReasonUnauthenticated
	for name, row := range map[string]struct {
		option *optionsv1.Authorization
		want   map[string]fault.Reason
	}{
		"public": {&optionsv1.Authorization{Public: true}, map[string]fault.Reason{}},
		"permission held": {&optionsv1.Authorization{Permission: optionsv1.Permission_PERMISSION_STOCK_READ},
			map[string]fault.Reason{"anonymous": unknown, "customer": denied, "service": denied}},
		"permission not held": {&optionsv1.Authorization{Permission: optionsv1.Permission_PERMISSION_STOCK_WRITE},
			map[string]fault.Reason{"anonymous": unknown, "customer": denied, "staff": denied, "service": denied}},
		"resource owner": {&optionsv1.Authorization{ResourceOwner: true},
			map[string]fault.Reason{"anonymous": unknown, "staff": denied, "service": denied}},
		"service": {&optionsv1.Authorization{Service: true},
			map[string]fault.Reason{"anonymous": unknown, "customer": denied, "staff": denied}},
		"nothing stated": {nil,
			map[string]fault.Reason{"anonymous": denied, "customer": denied, "staff": denied, "owner": denied, "service": denied}},
	} {
		for kind, caller := range callers {
			if got := fault.ReasonOf(authz.Check(row.option, caller)); got != row.want[kind] {
				t.Errorf("%s: %s got %q, want %q", name, kind, got, row.want[kind])
			}
		}
	}
}

func TestCallerTravelsInTheContext(t *testing.T) {
	t.Parallel()
	if got := authz.Caller(context.Background()); got.Kind != authz.Anonymous {
		t.Errorf("without a caller: %v", got)
	}
	want := authz.Identity{Kind: authz.Customer, ID: "42"}
	got := authz.Caller(authz.WithCaller(context.Background(), want))
	if got.Key() != "customer/42" || !got.Owns("42") || got.Owns("43") || got.Owns("") {
		t.Errorf("got %+v", got)
	}
	if (authz.Identity{Kind: authz.Customer}).Owns("") {
		t.Error("a customer without an id owns what has no owner")
	}
}

func TestOptionIsReadFromTheContract(t *testing.T) {
	t.Parallel()
	method := operationsv1.File_shopmesh_operations_v1_operations_service_proto.
		Services().ByName("OperationsService").Methods().ByName("Audit")
	if got := authz.Option(method).GetPermission(); got != optionsv1.Permission_PERMISSION_OPERATIONS {
		t.Errorf("got %v", got)
	}
}
