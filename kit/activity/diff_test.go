package activity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
)

func diff(before, after proto.Message) string {
	changes, omitted := activity.Diff(before, after)
	var lines []string
	for _, c := range changes {
		line := fmt.Sprintf("%s: %q → %q", c.GetPath(), c.GetOldValue(), c.GetNewValue())
		if c.GetRedacted() {
			line += " redacted"
		}
		lines = append(lines, line)
	}
	if omitted > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", omitted))
	}
	return strings.Join(lines, "\n")
}

func euros(units int64) *money.Money { return &money.Money{CurrencyCode: "EUR", Units: units} }

func TestADiffNamesWhatChanged(t *testing.T) {
	t.Parallel()
	product := &catalogv1.Product{Id: "p", Name: "Cup", Price: euros(5), Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE, Etag: "1", Attributes: map[string]string{"size": "L"}}
	dearer := proto.CloneOf(product)
	dearer.Price, dearer.Etag, dearer.UpdateTime = euros(6), "2", timestamppb.Now()
	archived := proto.CloneOf(product)
	archived.Status, archived.Attributes = catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED, nil
	limit := func(unpaid int32) *configv1.Settings {
		return &configv1.Settings{Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{MaxUnpaidOrders: proto.Int32(unpaid)}}}
	}
	cases := map[string]struct {
		before, after proto.Message
		want          string
	}{
		"a price, and what changes with everything": {product, dearer, `price: "{\"currency_code\":\"EUR\",\"units\":\"5\"}" → "{\"currency_code\":\"EUR\",\"units\":\"6\"}"`},
		"an enum and a map": {product, archived, `status: "PRODUCT_STATUS_ACTIVE" → "PRODUCT_STATUS_ARCHIVED"
attributes: "{\"size\":\"L\"}" → ""`},
		"a nested message of ours": {limit(1), limit(2), `order.max_unpaid_orders: "1" → "2"`},
		"something new": {nil, &catalogv1.Category{Id: "c", Name: "Cups"}, `id: "" → "c"
name: "" → "Cups"`},
		"something deleted": {&catalogv1.Category{Name: "Cups"}, nil, `name: "Cups" → ""`},
		"nothing":           {product, product, ""},
		"neither":           {nil, nil, ""},
		"a list": {
			&identityv1.Account{}, &identityv1.Account{Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_STOCK_READ}},
			`permissions: "" → "[\"PERMISSION_STOCK_READ\"]"`,
		},
	}
	for name, c := range cases {
		if got := diff(c.before, c.after); got != c.want {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, c.want)
		}
		var paths []string
		for line := range strings.Lines(c.want) {
			path, _, _ := strings.Cut(line, ":")
			paths = append(paths, path)
		}
		if got := activity.Paths(c.before, c.after); !slices.Equal(got, paths) {
			t.Errorf("%s: the paths are %v, not %v", name, got, paths)
		}
	}
}

// What is debug_redact never enters an entry, wherever it lies.
func TestADiffHoldsNothingRedacted(t *testing.T) {
	t.Parallel()
	const secret = "ann@example.com"
	before := &customerv1.Customer{Id: "c", Email: "before" + secret, FirstName: secret}
	after := &customerv1.Customer{Id: "c", Email: secret}
	if got, want := diff(before, after), "first_name: \"\" → \"\" redacted\nemail: \"\" → \"\" redacted"; got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	list := &identityv1.ListAccountsResponse{Accounts: []*identityv1.Account{{Id: "1", Email: secret, FirstName: secret, LastName: secret}}}
	if got := diff(nil, list); strings.Contains(got, secret) || !strings.Contains(got, `\"id\":\"1\"`) {
		t.Errorf("a list's messages: %s", got)
	}
	if list.GetAccounts()[0].GetEmail() != secret {
		t.Error("the diff changed what it compares")
	}
}

// However much changes, an entry stays small.
func TestADiffIsBounded(t *testing.T) {
	t.Parallel()
	changes, _ := activity.Diff(nil, &catalogv1.Product{Description: strings.Repeat("ä", 5000)})
	if n := len(changes[0].GetNewValue()); n > activity.MaxValueBytes || !strings.HasSuffix(changes[0].GetNewValue(), "…") {
		t.Errorf("a long text takes %d bytes", n)
	}
}
