package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// list returns the codes of all pages of two.
func (s harness) list(t *testing.T, filter, orderBy string) string {
	t.Helper()
	var codes []string
	token := ""
	for {
		res, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{
			PageSize: 2, PageToken: token, Filter: filter, OrderBy: orderBy, IncludeTotalSize: true,
		})
		if err != nil {
			t.Fatalf("filter %q, order_by %q: %v", filter, orderBy, err)
		}
		for _, product := range res.GetProducts() {
			codes = append(codes, product.GetCode())
		}
		if token = res.GetNextPageToken(); token == "" {
			if res.TotalSize == nil || int(res.GetTotalSize()) != len(codes) {
				t.Errorf("filter %q: a total of %v, listed are %d", filter, res.TotalSize, len(codes))
			}
			return strings.Join(codes, " ")
		}
		if len(res.GetProducts()) != 2 {
			t.Fatalf("a page of %d has a next one", len(res.GetProducts()))
		}
	}
}

func TestProductsAreListedByFilterAndOrder(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	drinks := s.category(t, "Drinks", "").GetId()
	tea := s.category(t, "Tea", drinks).GetId()
	green := s.category(t, "Green tea", tea).GetId()
	food := s.category(t, "Food", "").GetId()
	empty := s.category(t, "Empty", "").GetId()

	price := func(currency string, units int64, nanos int32) *money.Money {
		return &money.Money{CurrencyCode: currency, Units: units, Nanos: nanos}
	}
	for _, product := range []*catalogv1.Product{
		{Code: "A", Name: "zebra", CategoryId: drinks, Price: price("EUR", 10, 0)},
		{Code: "B", Name: "Yak", CategoryId: tea, Price: price("EUR", 10, 10_000_000)},
		{Code: "C", Name: "xerus", CategoryId: green, Price: price("EUR", 9, 990_000_000)},
		{Code: "D", Name: "xerus", CategoryId: food, Price: price("JPY", 10, 0)},
		{Code: "E", Name: "Wolf", CategoryId: food, Price: price("KWD", 10, 5_000_000)},
		{Code: "F", Name: "viper", CategoryId: food, Price: price("EUR", 100, 0), Status: catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT},
		{Code: "a", Name: "Urial", CategoryId: food, Price: price("EUR", 0, 0), Status: catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED},
	} {
		s.create(t, product)
	}
	for code, available := range map[string]int64{"A": 5, "B": 0, "D": 1} {
		s.available(t, code, available)
	}
	for _, row := range []struct{ filter, orderBy, want string }{
		{``, ``, "A B C D E F"},
		{``, `code desc`, "F E D C B A"},
		{``, `code asc`, "A B C D E F"},
		{``, `name`, "F E C D B A"},
		{``, `create_time`, "A B C D E F"},
		{``, `create_time desc`, "F E D C B A"},
		{`currency = "EUR"`, `price`, "C A B F"},
		{`currency = "EUR"`, `price desc`, "F B A C"},
		{`status = ACTIVE`, ``, "A B C D E"},
		{`status = PRODUCT_STATUS_ACTIVE`, ``, "A B C D E"},
		{`status = DRAFT`, ``, "F"},
		{`status = ARCHIVED`, ``, "a"},
		{`status != ACTIVE`, ``, "F a"},
		{`category_id = "` + drinks + `"`, ``, "A B C"},
		{`category_id = "` + tea + `"`, `code desc`, "C B"},
		{`category_id = "` + strings.ToUpper(green) + `"`, ``, "C"},
		{`category_id != "` + tea + `"`, ``, "A D E F"},
		{`category_id != "` + green + `"`, ``, "A B D E F"},
		{`category_id = "` + empty + `"`, ``, ""},
		{`category_id = "` + uuid.NewString() + `"`, ``, ""},
		{`category_id = "` + drinks + `" AND category_id != "` + green + `"`, ``, "A B"},
		{`price >= 10.00`, ``, "A B F"},
		{`price > 10`, ``, "B F"},
		{`price > 10.001 AND price < 100`, ``, "B"},
		{`price = 9.99`, ``, "C"},
		{`price != 9.99`, ``, "A B F"},
		{`price < 99999999999999999999999`, ``, "A B C F"},
		{`price = 10 AND currency = "JPY"`, ``, "D"},
		{`price >= 10 AND currency = "KWD"`, ``, "E"},
		{`price >= 10.006 AND currency = "KWD"`, ``, ""},
		{`available_quantity > 0`, ``, "A D"},
		{`available_quantity = 0`, ``, "B C E F"},
		{`available_quantity >= 5`, ``, "A"},
		{`available_quantity >= 0`, ``, "A B C D E F"},
		{`available_quantity > -1`, ``, "A B C D E F"},
		{`available_quantity != 1`, ``, "A B C E F"},
		{`available_quantity < 5`, ``, "B C D E F"},
		{`available_quantity = 5`, ``, "A"},
		{`available_quantity > 0.5`, ``, "A D"},
		{`available_quantity < 99999999999999999999`, ``, "A B C D E F"},
		{`code = "B"`, ``, "B"},
		{`code > "B" AND code <= "D"`, ``, "C D"},
		{`code = "' OR 1=1--"`, ``, ""},
		{`category_id = "` + drinks + `" AND price >= 9 AND price < 10.01 AND currency = "EUR" AND status = ACTIVE AND available_quantity > 0`, ``, "A"},
	} {
		t.Run(row.filter+" "+row.orderBy, func(t *testing.T) {
			t.Parallel()
			if got := s.list(t, row.filter, row.orderBy); got != row.want {
				t.Fatalf("got %q, want %q", got, row.want)
			}
		})
	}
}

// A search box finds what the name or the code contains, in any case of letters.
func TestProductsAreSearchedByWords(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	tea := s.category(t, "Tea", "").GetId()
	for _, product := range []*catalogv1.Product{
		{Code: "MUG-01", Name: "Blue Mug, 100%"},
		{Code: "a/b", Name: "Größe XL T_shirt"},
		{Code: "JP.1", Name: "青い茶碗"},
		{Code: "old", Name: "Old blue mug", Status: catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED},
		{Code: "q", Name: `Say "hi" \ or it's xlarge`},
	} {
		product.CategoryId, product.Price = tea, euros(1900)
		s.create(t, product)
	}
	for filter, want := range map[string]string{
		`mug`: "MUG-01", `MUG blue`: "MUG-01", `blue AND green`: "", `ug-0`: "MUG-01", `"blue mug"`: "MUG-01", `"mug blue"`: "", `100%`: "MUG-01", `%`: "", `_`: "",
		`0%`: "", `t_s`: "a/b", `"t_" xl`: "a/b", `GRÖSSE`: "a/b", `größe`: "a/b", `a/b`: "a/b", `xl`: "a/b q", `l`: "", `x`: "a/b q", `茶碗`: "JP.1", `碗`: "JP.1", `jp.1`: "JP.1",
		`"\"hi\""`: "q", `"\\"`: "q", `"it's"`: "q", `mug status = ARCHIVED`: "old", `mug price >= 0`: "MUG-01", `mug category_id = "` + tea + `"`: "MUG-01", `"' or true --"`: "",
	} {
		if got := s.list(t, filter, ""); got != want {
			t.Errorf("%s: got %q, want %q", filter, got, want)
		}
	}
	if got := s.list(t, "mug status != DRAFT", "name desc"); got != "old MUG-01" {
		t.Errorf("by name: %q", got)
	}
	for _, filter := range []string{`code`, `mug OR cup`, `-mug`, `"mug`, `mug*`, `mug color = "red"`} {
		_, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{Filter: filter})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "filter")
	}
	res, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{})
	if err != nil || res.TotalSize != nil {
		t.Errorf("nobody asked for a total: %v, %v", res.TotalSize, err)
	}
}

func TestABadListIsRefused(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	s.product(t, "A", s.category(t, "Tea", "").GetId(), 1)
	s.product(t, "B", s.category(t, "Coffee", "").GetId(), 2)
	first, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{PageSize: 1})
	if err != nil || first.GetNextPageToken() == "" {
		t.Fatalf("got %v, %v", first, err)
	}
	for name, row := range map[string]struct {
		req    *catalogv1.ListProductsRequest
		reason string
		field  string
	}{
		"a page too large":      {&catalogv1.ListProductsRequest{PageSize: 1001}, "INVALID_FIELD", "page_size"},
		"a page below 0":        {&catalogv1.ListProductsRequest{PageSize: -1}, "INVALID_FIELD", "page_size"},
		"an unknown field":      {&catalogv1.ListProductsRequest{Filter: `colour = "red"`}, "FILTER_INVALID", "filter"},
		"an unknown status":     {&catalogv1.ListProductsRequest{Filter: `status = SOLD`}, "FILTER_INVALID", "filter"},
		"statements":            {&catalogv1.ListProductsRequest{Filter: `price > 1; drop table products`}, "FILTER_INVALID", "filter"},
		"a price that is none":  {&catalogv1.ListProductsRequest{Filter: `price > "1"`}, "FILTER_INVALID", "filter"},
		"a category of no UUID": {&catalogv1.ListProductsRequest{Filter: `category_id = "tea"`}, "FILTER_INVALID", "filter"},
		"an unknown order":      {&catalogv1.ListProductsRequest{OrderBy: `status`}, "FILTER_INVALID", "order_by"},
		"an injected order":     {&catalogv1.ListProductsRequest{OrderBy: `code; --`}, "FILTER_INVALID", "order_by"},
		"a forged token":        {&catalogv1.ListProductsRequest{PageToken: "eyJ2IjoxfQ"}, "PAGE_TOKEN_INVALID", "page_token"},
		"another list's token": {
			&catalogv1.ListProductsRequest{PageToken: first.GetNextPageToken(), Filter: "price > 0"}, "PAGE_TOKEN_INVALID", "page_token",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.products.ListProducts(t.Context(), row.req)
			testkit.Refused(t, err, connect.CodeInvalidArgument, row.reason, row.field)
		})
	}
}

// Whatever the order and however many share a value, walking the pages shows each
// product once.
func TestPagesShowEachProductOnce(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	const count = 25
	for i := range count {
		s.create(t, &catalogv1.Product{
			Code: fmt.Sprintf("P%02d", i), Name: fmt.Sprint("name ", rand.N(3)), CategoryId: category,
			Price: &money.Money{CurrencyCode: []string{"EUR", "JPY", "KWD"}[rand.N(3)], Units: rand.N[int64](3)},
		})
	}
	for _, orderBy := range []string{"", "code desc", "name", "name desc", "price", "price desc", "create_time", "create_time desc", "price, name desc"} {
		t.Run(orderBy, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			for _, code := range strings.Fields(s.list(t, "", orderBy)) {
				if seen[code] {
					t.Fatalf("%s is there twice", code)
				}
				seen[code] = true
			}
			if len(seen) != count {
				t.Fatalf("%d of %d are there", len(seen), count)
			}
		})
	}
}
