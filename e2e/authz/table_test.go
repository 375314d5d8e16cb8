package authz_test

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	"github.com/shopmesh/shopmesh/e2e/internal/rest"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services"
)

// row is one of matrix.tsv: an RPC, what its request is about, and what each caller gets.
type row struct {
	rpc, about, ports, rest, permission, services string
	// cells are words by the callers' columns.
	cells map[string]string
}

func (r row) String() string { return r.rpc + " about " + r.about }

// described are the columns that are no callers.
var described = []string{"rpc", "about", "ports", "rest", "permission", "services"}

// columns are those of callers.
var columns = []string{
	anonymous, ada, other, guest, otherGuest, withCart, staff, staffWith, staffWithout, owner, ownerStale, service, otherService, keyWith, keyWithout,
}

// words are what cells hold, each with the code and the reason that it stands for. none is for
// a caller whom there is not.
const none, ok, leftOut, missing = "-", "ok", "left_out", "missing"

var words = map[string]struct {
	code   connect.Code
	reason string
}{
	ok:            {},
	leftOut:       {},
	"unauth":      {connect.CodeUnauthenticated, "UNAUTHENTICATED"},
	"denied":      {connect.CodePermissionDenied, "PERMISSION_DENIED"},
	missing:       {connect.CodeNotFound, "…_NOT_FOUND"},
	"no_address":  {connect.CodeNotFound, "ADDRESS_NOT_FOUND"},
	"no_product":  {connect.CodeNotFound, "PRODUCT_NOT_FOUND"},
	"step_up":     {connect.CodePermissionDenied, "STEP_UP_REQUIRED"},
	"escalation":  {connect.CodePermissionDenied, "ROLE_ESCALATION"},
	"no_link":     {connect.CodeInvalidArgument, "LINK_INVALID"},
	"credentials": {connect.CodeUnauthenticated, "CREDENTIALS_INVALID"},
	"expired":     {connect.CodeUnauthenticated, "TOKEN_EXPIRED"},
	// absent is in no cell: it is an RPC that a port does not serve.
	absent: {connect.CodeUnimplemented, "UNKNOWN_RPC"},
}

const absent = "absent"

// word is what the table calls an answer: want, where that stands for it; its text when there
// is no such word.
func (a answer) word(want string) string {
	if is, known := words[want]; known && a.code == is.code && a.reason == is.reason {
		return want
	}
	reason := a.reason
	if strings.HasSuffix(reason, "_NOT_FOUND") {
		reason = "…_NOT_FOUND"
	}
	if a.reason == "UNKNOWN_RPC" && a.code == connect.CodeNotFound {
		return absent // as REST answers
	}
	if a.code == 0 {
		return ok
	}
	for word, is := range words {
		if a.code == is.code && reason == is.reason {
			return word
		}
	}
	return a.text()
}

func readTable(t *testing.T) []row {
	t.Helper()
	file, err := os.Open("matrix.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var table []row
	want := slices.Concat(described, columns)
	lines := bufio.NewScanner(file)
	for number, begun := 1, false; lines.Scan(); number++ {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		if !begun {
			if begun = true; !slices.Equal(fields, want) {
				t.Fatalf("line %d: the columns are %q, want %q", number, fields, want)
			}
			continue
		}
		r, err := readRow(fields)
		if err != nil {
			t.Fatalf("line %d: %v", number, err)
		}
		table = append(table, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return table
}

func readRow(fields []string) (row, error) {
	if want := len(described) + len(columns); len(fields) != want {
		return row{}, fmt.Errorf("%d fields, want %d", len(fields), want)
	}
	r := row{fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], make(map[string]string)}
	for i, column := range columns {
		word := fields[len(described)+i]
		if _, known := words[word]; !known && word != none {
			return row{}, fmt.Errorf("%s: there is no word %q", column, word)
		}
		r.cells[column] = word
	}
	if r.permission != none && permissionNamed(r.permission) == optionsv1.Permission_PERMISSION_UNSPECIFIED {
		return row{}, fmt.Errorf("there is no permission %q", r.permission)
	}
	if r.services == none || r.services == "all" {
		return r, nil
	}
	for name := range strings.SplitSeq(r.services, ",") {
		if !slices.Contains(services.Contexts(), name) {
			return row{}, fmt.Errorf("there is no service %q", name)
		}
	}
	return r, nil
}

// allMethods are the RPCs of all contracts, by the names that the table has.
func allMethods() map[string]protoreflect.MethodDescriptor {
	all := make(map[string]protoreflect.MethodDescriptor)
	for _, method := range contracts.RPCs() {
		all[nameOf(method)] = method
	}
	return all
}

// nameOf is what the table calls an RPC.
func nameOf(method protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("%s/%s", method.Parent().Name(), method.Name())
}

// contextOf is the context that serves an RPC. Operators' RPCs are of every context.
func contextOf(method protoreflect.MethodDescriptor) string {
	name := strings.Split(string(method.FullName()), ".")[1]
	if !slices.Contains(services.Contexts(), name) {
		return services.Contexts()[0]
	}
	return name
}

// Every RPC has rows, every row an RPC and a fixture, and what the rows state of ports, routes
// and callers is so. No URL holds what signs in.
func TestTheTableIsWhole(t *testing.T) {
	t.Parallel()
	table, methods := readTable(t), allMethods()
	rows, seen := make(map[string][]row), make(map[string]bool)
	for _, r := range table {
		rows[r.rpc] = append(rows[r.rpc], r)
		if seen[r.String()] {
			t.Errorf("%s has two rows", r)
		}
		seen[r.String()] = true
		if methods[r.rpc] == nil {
			t.Errorf("%s: there is no such RPC", r)
		}
		if fixtures[r.rpc].request == nil {
			t.Errorf("%s has no fixture", r)
		}
		r.check(t)
	}
	for name, method := range methods {
		of := rows[name]
		if len(of) == 0 {
			t.Errorf("%s has no row", name)
			continue
		}
		hasNeeded(t, method, of)
		for _, r := range of {
			if has := len(rest.Routes(method)) > 0; (r.rest == "yes") != has || r.rest != "yes" && r.rest != "no" {
				t.Errorf("%s: a route of REST: %q, and it is %v", r, r.rest, has)
			}
			if r.ports != "both" && r.ports != "internal" || r.ports != of[0].ports {
				t.Errorf("%s: its ports are %q", r, r.ports)
			}
		}
	}
	for name := range fixtures {
		if len(rows[name]) == 0 {
			t.Errorf("the fixture of %s has no row", name)
		}
	}
	for _, method := range contracts.RPCs() {
		for _, field := range secretsInURL(method) {
			t.Errorf("%s has %s in its URL, where proxies and browsers keep it", nameOf(method), field)
		}
	}
	if found := secretsOf(methods["AccountService/SignIn"].Input(), ""); !slices.Equal(found, []string{"password", "totp_code"}) {
		t.Errorf("what signs in by SignIn is found to be %q", found)
	}
}

// secretsInURL returns the fields of an RPC's request that sign in, and that a way to call it
// has in the URL: Connect's GET, or a route of REST.
func secretsInURL(method protoreflect.MethodDescriptor) []string {
	all := secretsOf(method.Input(), "")
	if method.Options().(*descriptorpb.MethodOptions).GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
		return all
	}
	var found []string
	for _, route := range rest.Routes(method) {
		for _, field := range all {
			inBody := route.Body == "*" || route.Body != "" && (field == route.Body || strings.HasPrefix(field, route.Body+"."))
			if !inBody || slices.Contains(route.Variables(), field) {
				found = append(found, field)
			}
		}
	}
	return found
}

// secretsOf returns the paths of a message's fields that sign in, by their names. A page token
// is none of these: it opens nothing.
func secretsOf(message protoreflect.MessageDescriptor, prefix string) (paths []string) {
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		name := string(field.Name())
		secret := slices.ContainsFunc([]string{"token", "password", "secret", "api_key", "totp_code"}, func(part string) bool { return strings.Contains(name, part) })
		switch {
		case secret && !slices.Contains(noSecrets, name):
			paths = append(paths, prefix+name)
		case field.Message() != nil && !field.IsMap() && strings.HasPrefix(string(field.Message().FullName()), "shopmesh.") && strings.Count(prefix, ".") < 8:
			paths = append(paths, secretsOf(field.Message(), prefix+name+".")...)
		}
	}
	return paths
}

// noSecrets are fields that are named like what signs in.
var noSecrets = []string{"page_token"}

// ofGuest reports whether guests alone are in the row: it is about what their tokens alone can
// lack.
func (r row) ofGuest() bool {
	return !slices.ContainsFunc(columns, func(column string) bool {
		return r.cells[column] != none && column != guest && column != withCart
	})
}

// hasNeeded finds what an RPC has no row about: what its request names and is missing, or what
// is somebody's whom the option lets in for that.
func hasNeeded(t *testing.T, method protoreflect.MethodDescriptor, rows []row) {
	t.Helper()
	about := func(what ...string) bool {
		return slices.ContainsFunc(rows, func(r row) bool { return slices.Contains(what, r.about) })
	}
	if names(method.Input(), true) && !about(missing) && nameOf(method) != "CustomerService/LinkAccount" { // customer has no accounts
		t.Errorf("%s has no row about what is missing", nameOf(method))
	}
	if authz.Option(method).GetResourceOwner() && !about("own", "customer's", "guest's") {
		t.Errorf("%s has no row about whom it belongs to", nameOf(method))
	}
}

// names reports whether a request, or a resource in it that is to be changed, holds an id of
// what there has to be.
func names(message protoreflect.MessageDescriptor, whole bool) bool {
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		name := string(field.Name())
		switch {
		case name == "id" || whole && strings.HasSuffix(name, "_id") && name != "request_id":
			return true
		case whole && field.Message() != nil && !field.IsList() && message.Fields().ByName("update_mask") != nil && names(field.Message(), false):
			return true
		}
	}
	return false
}

// check finds what a row leaves out, or has too many of.
func (r row) check(t *testing.T) {
	t.Helper()
	if r.ofGuest() {
		if r.cells[guest] != missing && r.cells[withCart] != missing {
			t.Errorf("%s: nobody calls it", r)
		}
		return
	}
	for _, column := range columns {
		there := true
		switch column {
		case staffWith, keyWith:
			there = r.permission != none
		case service:
			there = r.services != none
		case otherService:
			there = r.services != "all"
		}
		if (r.cells[column] != none) != there {
			t.Errorf("%s: %s is %q", r, column, r.cells[column])
		}
	}
}
