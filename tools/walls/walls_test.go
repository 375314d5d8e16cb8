package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each row is one import in an otherwise empty tree; banned is a part of the
// reason that must be given, and empty when the import is allowed.
func TestRules(t *testing.T) {
	t.Parallel()
	const ours = modulePath + "/"
	for _, row := range []struct {
		file, imports, banned string
	}{
		{"services/order/order.go", ours + "services/order/internal/app", ""},
		{"services/order/internal/app/place.go", ours + "services/inventory", "contracts only"},
		{"services/order/internal/app/place_test.go", ours + "services/inventory", "contracts only"},
		{"cmd/shopmesh/main.go", ours + "services/order", ""},
		{"e2e/shop_test.go", ours + "services/order", ""},
		{"cmd/shopmesh/main.go", ours + "services/order/cmd/order", "root package"},
		{"kit/rpc/server.go", ours + "services/order", "knows none"},
		{"kit/rpc/server.go", ours + "gen/go/shopmesh/options/v1", ""},
		{"kit/rpc/server.go", ours + "gen/go/shopmesh/order/v1", "no shop noun"},
		{"services/order/internal/domain/order.go", ours + "kit/fault", ""},
		{"services/order/internal/domain/order.go", ours + "kit/money", ""},
		{"services/order/internal/domain/order.go", ours + "kit/money/moneypb", "pure Go"},
		{"services/order/internal/domain/order.go", ours + "gen/go/shopmesh/order/v1", "pure Go"},
		{"services/order/internal/domain/order.go", "github.com/jackc/pgx/v5", "pure Go"},
		{"services/order/internal/domain/order.go", "github.com/google/uuid", ""},
		{"services/order/internal/rpc/server.go", ours + "services/order/internal/app", ""},
		{"services/order/internal/rpc/server.go", ours + "services/order/internal/store/db", "translate"},
		{"services/order/internal/app/place.go", ours + "services/order/internal/store", ""},
		{"services/order/internal/app/place.go", ours + "services/order/internal/store/db", "methods of a context's Store"},
		{"services/order/internal/app/place.go", ours + "services/order/internal/events", "as values"},
		{"services/order/internal/app/place_test.go", ours + "services/order/internal/events", ""},
		{"services/order/internal/operations/operations.go", ours + "services/order/internal/store/db", "methods of a context's Store"},
		{"kit/rpc/worst_test.go", ours + "gen/go/shopmesh/order/v1", ""},
		{"gen/go/shopmesh/order/v1/order.pb.go", ours + "gen/go/shopmesh/options/v1", ""},
		{"gen/go/shopmesh/order/v1/order.pb.go", "google.golang.org/protobuf/proto", ""},
		{"gen/go/shopmesh/order/v1/order.pb.go", ours + "kit/money", "outsiders"},
		{"services/order/internal/store/orders_test.go", ours + "kit/testkit", ""},
		{"services/order/order.go", ours + "kit/testkit", "what ships"},
		{"e2e/chaos/main.go", ours + "sim", "simulation"},
		{"e2e/shop_test.go", ours + "sim", ""},
		{"kit/rpc/server.go", ours + "sim/faults", "simulation"},
		{"somewhere/else/new.go", ours + "services/order/sim", "simulation"},
		{"services/order/order.go", ours + "services/order/sim", "simulation"},
		{"services/order/order_test.go", ours + "services/order/sim", ""},
		{"services/order/sim/store.go", ours + "services/order/internal/domain", ""},
		{"services/order/sim/store.go", ours + "services/order/internal/store", "no use cases"},
		{"sim/run.go", ours + "services/order/sim", ""},
		{"sim/run.go", ours + "services/order", "sim package"},
	} {
		t.Run(row.file+" imports "+row.imports, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			writeGo(t, root, row.file, row.imports)
			expectBreach(t, root, row.banned)
		})
	}
}

func TestADomainReachesNothingThroughAnAllowedPackage(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	writeGo(t, root, "services/order/internal/domain/order.go", modulePath+"/kit/fault")
	writeGo(t, root, "kit/fault/fault.go", "connectrpc.com/connect/v2")
	expectBreach(t, root, "through kit/fault imports connectrpc.com/connect/v2")
}

func TestTheTestsOfADependencyDoNotCount(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	writeGo(t, root, "services/order/internal/domain/order.go", modulePath+"/kit/fault")
	writeGo(t, root, "kit/fault/fault_test.go", "connectrpc.com/connect/v2")
	expectBreach(t, root, "")
}

func writeGo(t *testing.T, root, name, imports string) {
	t.Helper()
	file := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("package p\n\nimport _ \""+imports+"\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func expectBreach(t *testing.T, root, part string) {
	t.Helper()
	packages, err := readTree(root)
	if err != nil {
		t.Fatal(err)
	}
	breaches := check(packages, rules())
	if part == "" {
		if len(breaches) > 0 {
			t.Fatalf("allowed, but refused: %q", breaches)
		}
		return
	}
	if len(breaches) != 1 || !strings.Contains(breaches[0], part) {
		t.Fatalf("got %q, want one breach with %q", breaches, part)
	}
}
