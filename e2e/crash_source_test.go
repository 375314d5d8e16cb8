//go:build crashpoints

package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
)

// statement is one that writes: its name, and the database, or empty for every one.
type statement struct{ database, name string }

func (s statement) matches(p crashpoint.Point) bool {
	return p.Boundary() == "before commit" && p.What() == s.name && (s.database == "" || s.database == p.Where())
}

// offTheWay are statements that write and that no order comes by, with what they do.
func offTheWay() map[statement]string {
	const order, payment, inventory, notification = "shopmesh_order", "shopmesh_payment", "shopmesh_inventory", "shopmesh_notification"
	return map[statement]string{
		{order, "CartInsertOfCustomer"}:                  "a customer puts something into their cart",
		{order, "CartUpdate"}:                            "somebody changes or merges a cart",
		{order, "CartTouch"}:                             "a cart is read that was not used for a day",
		{order, "CartDeleteUnused"}:                      "nobody used a cart for 30 days",
		{order, "CartDeleteOfErased"}:                    "a customer makes a cart while being erased",
		{order, "GuestKeyInsert"}:                        "the first guest needs a token, before any transaction",
		{order, "OrderUpdateOwner"}:                      "a customer claims a guest's order",
		{order, "VerifiedEmailInsertMany"}:               "a customer verifies an address",
		{order, "VerifiedEmailDelete"}:                   "a customer verifies an address",
		{order, "ErasedCustomerComplete"}:                "an erasure is a day old",
		{order, "ErasedGuestComplete"}:                   "an erasure is a day old",
		{order, "ProductInsertMany"}:                     "a product is ordered before order received its event",
		{payment, "PaymentSetCustomers"}:                 "a customer claims a guest's order",
		{payment, "ContradictionInsert"}:                 "a provider reports what the books contradict",
		{payment, "ContradictionResolve"}:                "an operator resolves a contradiction",
		{notification, "ErasedCustomerSetUnfinished"}:    "a customer who has thousands of mails is erased",
		{notification, "ErasedOrderSetUnfinished"}:       "orders that have thousands of mails are erased",
		{notification, "NotificationForgetBodies"}:       "texts are forgotten after their time",
		{notification, "NotificationForgetAccountMails"}: "mails about accounts are forgotten after their time",
		{"", "MakeRoom"}:                                 "an event can't be applied, at an offset that a lost broker gave before",
		{notification, "NotificationResend"}:             "an operator has a mail sent again",
		{notification, "NotificationClaimLeased"}:        "more mails wait than the sender holds in memory",
		{notification, "NotificationExtend"}:             "a mail takes longer than a third of its lease, or the process gives it back",
		{"", "SetAside"}:                                 "an event can't be applied",
		{"", "update dead_letters"}:                      "an operator redrives dead letters",
		{"", "delete dead_letters"}:                      "an operator redrives or discards dead letters",
	}
}

// mustCrossAll fails for every boundary in the source, and every statement on the
// order's way that writes, which no story crossed: so the list can't shrink unseen.
func mustCrossAll(t *testing.T, runs []whole) {
	t.Helper()
	crossed := pointsOf(runs)
	for _, mark := range marks(t) {
		if !slices.ContainsFunc(crossed, mark.matches) {
			t.Errorf("%s: no story crosses %q %q %q", mark.at, mark.boundary, mark.where, mark.what)
		}
	}
	excused := offTheWay()
	for s, at := range statements(t) {
		_, off := excused[s]
		if !off && !slices.ContainsFunc(crossed, s.matches) {
			t.Errorf("%s: no story commits %s", at, s.name)
		}
		delete(excused, s)
	}
	for s := range excused { // what is left over
		t.Errorf("%s of %q is in no source any more: take it off the list", s.name, s.database)
	}
}

// mark is a call of crashpoint.Cross in the source; what is no literal is empty.
type mark struct{ at, boundary, where, what string }

func (m mark) matches(p crashpoint.Point) bool {
	return p.Boundary() == m.boundary && (m.where == "" || m.where == p.Where()) && (m.what == "" || m.what == p.What())
}

// marks finds the calls in the kit and the services.
func marks(t *testing.T) []mark {
	t.Helper()
	var all []mark
	eachFile(t, []string{"../kit", "../services"}, func(path string, file *ast.File, at func(ast.Node) string) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Cross" || nameOf(f.X) != "crashpoint" {
				return true
			}
			words := make([]string, 3)
			for i, arg := range call.Args[:min(3, len(call.Args))] {
				words[i] = literal(arg)
			}
			if words[0] == "" {
				t.Errorf("%s: a boundary is a literal, so that it can be listed", at(call))
			}
			all = append(all, mark{at(call), words[0], words[1], words[2]})
			return true
		})
	})
	if len(all) == 0 {
		t.Fatal("the source has no boundary")
	}
	return all
}

// statements finds what writes in the databases that an order comes by, and where
// it is written: sqlc's queries, and the SQL in the code of the kit and the sandbox.
func statements(t *testing.T) map[statement]string {
	t.Helper()
	all := map[statement]string{}
	for _, c := range []string{"order", "inventory", "payment", "notification"} {
		files, err := filepath.Glob("../services/" + c + "/internal/store/queries/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatalf("queries of %s: %v, %v", c, files, err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, query := range strings.Split(string(text), "-- name: ")[1:] {
				if name := crashpoint.Statement("-- name: " + query); name != "" {
					all[statement{"shopmesh_" + c, name}] = path
				}
			}
		}
	}
	code := []string{"../kit/outbox", "../kit/idempotency", "../kit/consumer", "../services/payment/internal/provider"}
	eachFile(t, code, func(_ string, file *ast.File, at func(ast.Node) string) {
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text := strings.TrimSpace(literal(lit))
			first, _, _ := strings.Cut(strings.ToLower(text), " ")
			if name := crashpoint.Statement(text); name != "" && slices.Contains([]string{"--", "insert", "update", "delete", "with"}, first) {
				all[statement{"", name}] = at(lit)
			}
			return true
		})
	})
	return all
}

// eachFile parses the Go files under some folders that are no tests.
func eachFile(t *testing.T, folders []string, visit func(path string, file *ast.File, at func(ast.Node) string)) {
	t.Helper()
	set := token.NewFileSet()
	at := func(n ast.Node) string { return set.Position(n.Pos()).String() }
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err == nil {
				visit(path, file, at)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func nameOf(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return text
}
