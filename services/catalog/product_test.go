package catalog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func euros(cents int64) *money.Money {
	return &money.Money{CurrencyCode: "EUR", Units: cents / 100, Nanos: int32(cents%100) * 10_000_000}
}

// product creates an active one that costs some cents of EUR.
func (s harness) product(t *testing.T, code, category string, cents int64) *catalogv1.Product {
	t.Helper()
	return s.create(t, &catalogv1.Product{Code: code, Name: "Product " + code, CategoryId: category, Price: euros(cents)})
}

func (s harness) create(t *testing.T, product *catalogv1.Product) *catalogv1.Product {
	t.Helper()
	res, err := s.products.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: product})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetProduct()
}

func (s harness) update(t *testing.T, product *catalogv1.Product, paths ...string) (*catalogv1.Product, error) {
	t.Helper()
	res, err := s.products.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{
		Product: product, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})
	return res.GetProduct(), err
}

func TestAProductIsReadAsItWasCreated(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	tea := s.category(t, "Tea", "")
	created := s.create(t, &catalogv1.Product{
		Code: "TEA-1", Name: "Green tea", Description: "Fresh", CategoryId: tea.GetId(), Price: euros(499),
		Attributes: map[string]string{"colour": "green", "größe": "100 g"},
		Images:     []*catalogv1.ProductImage{{Url: "/images/tea.png", AltText: "A pot"}, {Url: "https://example.com/leaf.png"}},
	})
	if created.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE || created.GetAvailableQuantity() != 0 ||
		created.GetEtag() == "" || !proto.Equal(created.GetPrice(), euros(499)) || len(created.GetImages()) != 2 {
		t.Fatalf("created %v", created)
	}
	for _, request := range []*catalogv1.GetProductRequest{{Id: created.GetId()}, {Code: "TEA-1"}} {
		got, err := s.products.GetProduct(t.Context(), request)
		if err != nil || !proto.Equal(got.GetProduct(), created) {
			t.Fatalf("read %v, %v, created %v", got, err, created)
		}
	}
	_, err := s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")
	_, err = s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Code: "tea-1"})
	testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")
	_, err = s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD")
}

func TestAPriceIsKeptExactlyInAnyCurrency(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	for i, price := range []*money.Money{
		{CurrencyCode: "JPY", Units: 1200},
		{CurrencyCode: "KWD", Units: 1, Nanos: 234_000_000},
		{CurrencyCode: "EUR", Units: 92_233_720_368_547_758, Nanos: 70_000_000},
		{CurrencyCode: "USD"},
	} {
		code := fmt.Sprint("P", i)
		s.create(t, &catalogv1.Product{Code: code, Name: code, CategoryId: category, Price: price})
		got, err := s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Code: code})
		if err != nil || !proto.Equal(got.GetProduct().GetPrice(), price) {
			t.Fatalf("read %v, %v, created %v", got.GetProduct().GetPrice(), err, price)
		}
	}
	created := s.create(t, &catalogv1.Product{Code: "P", Name: "P", CategoryId: category, Price: &money.Money{Units: 3}})
	if !proto.Equal(created.GetPrice(), euros(300)) {
		t.Fatalf("a price without a currency is %v", created.GetPrice())
	}
}

func TestABadProductIsRefusedByField(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	const invalid, notFound = connect.CodeInvalidArgument, connect.CodeNotFound
	for name, row := range map[string]struct {
		spoil  func(*catalogv1.Product)
		code   connect.Code
		reason string
		fields []string
	}{
		"everything missing":      {func(p *catalogv1.Product) { proto.Reset(p) }, invalid, "INVALID_FIELD", []string{"product.code", "product.name", "product.category_id", "product.price"}},
		"an id":                   {func(p *catalogv1.Product) { p.Id = uuid.NewString() }, invalid, "INVALID_FIELD", []string{"product"}},
		"an available quantity":   {func(p *catalogv1.Product) { p.AvailableQuantity = 3 }, invalid, "INVALID_FIELD", []string{"product"}},
		"a blank in the code":     {func(p *catalogv1.Product) { p.Code = "TEA 1" }, invalid, "INVALID_FIELD", []string{"product.code"}},
		"a price below 0":         {func(p *catalogv1.Product) { p.Price.Units = -1; p.Price.Nanos = 0 }, invalid, "INVALID_FIELD", []string{"product.price.units"}},
		"half a cent":             {func(p *catalogv1.Product) { p.Price.Nanos = 5_000_000 }, invalid, "INVALID_FIELD", []string{"product.price.nanos"}},
		"nanos of a unit":         {func(p *catalogv1.Product) { p.Price.Nanos = 1_000_000_000 }, invalid, "INVALID_FIELD", []string{"product.price.nanos"}},
		"parts of mixed signs":    {func(p *catalogv1.Product) { p.Price.Nanos = -10_000_000 }, invalid, "INVALID_FIELD", []string{"product.price.nanos"}},
		"a price beyond counting": {func(p *catalogv1.Product) { p.Price.Units = 1 << 62 }, invalid, "INVALID_FIELD", []string{"product.price.units"}},
		"a currency that is none": {func(p *catalogv1.Product) { p.Price.CurrencyCode = "XQZ" }, invalid, "INVALID_FIELD", []string{"product.price.currency_code"}},
		"an unknown status":       {func(p *catalogv1.Product) { p.Status = 77 }, invalid, "INVALID_FIELD", []string{"product.status"}},
		"a script as image": {func(p *catalogv1.Product) {
			p.Images = []*catalogv1.ProductImage{{Url: "/a.png"}, {Url: "javascript:alert(1)"}}
		}, invalid, "INVALID_FIELD", []string{"product.images[1].url"}},
		"U+0000 in an attribute": {func(p *catalogv1.Product) { p.Attributes = map[string]string{"a": "\x00"} }, invalid, "INVALID_FIELD", []string{`product.attributes["a"]`}},
		"no such category":       {func(p *catalogv1.Product) { p.CategoryId = uuid.NewString() }, notFound, "CATEGORY_NOT_FOUND", []string{"product.category_id"}},
		"a broken category":      {func(p *catalogv1.Product) { p.CategoryId = "tea" }, invalid, "INVALID_FIELD", []string{"product.category_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			product := &catalogv1.Product{Code: "BAD", Name: "Bad", CategoryId: category, Price: euros(499)}
			row.spoil(product)
			_, err := s.products.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: product})
			testkit.Refused(t, err, row.code, row.reason, row.fields...)
		})
	}
}

func TestACodeIsUsedOnceForEver(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	const callers = 8
	outcomes := make([]error, callers)
	var calls sync.WaitGroup
	for i := range callers {
		calls.Go(func() {
			_, outcomes[i] = s.products.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{
				Product: &catalogv1.Product{Code: "TEA-1", Name: "Tea", CategoryId: category, Price: euros(499)},
			})
		})
	}
	calls.Wait()
	created := 0
	for _, err := range outcomes {
		if err == nil {
			created++
			continue
		}
		testkit.Refused(t, err, connect.CodeAlreadyExists, "PRODUCT_CODE_TAKEN", "product.code")
	}
	if created != 1 {
		t.Fatalf("%d were created", created)
	}
	got, err := s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Code: "TEA-1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: got.GetProduct().GetId()}); err != nil {
		t.Fatal(err)
	}
	_, err = s.products.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{
		Product: &catalogv1.Product{Code: "TEA-1", Name: "Tea", CategoryId: category, Price: euros(499)},
	})
	testkit.Refused(t, err, connect.CodeAlreadyExists, "PRODUCT_CODE_TAKEN", "product.code")
}

func TestAnUpdateOfAProductChangesWhatTheMaskNames(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	tea, coffee := s.category(t, "Tea", "").GetId(), s.category(t, "Coffee", "").GetId()
	first := s.product(t, "TEA-1", tea, 499)
	got, err := s.update(t, &catalogv1.Product{
		Id: first.GetId(), Etag: first.GetEtag(), Name: "Renamed", CategoryId: coffee, Price: euros(1), Description: "ignored",
	}, "name", "category_id", "price")
	if err != nil || got.GetName() != "Renamed" || got.GetCategoryId() != coffee || got.GetDescription() != "" ||
		!proto.Equal(got.GetPrice(), euros(1)) || got.GetEtag() == first.GetEtag() || got.GetCode() != "TEA-1" {
		t.Fatalf("got %v, %v", got, err)
	}
	got, err = s.update(t, &catalogv1.Product{Id: first.GetId(), Attributes: map[string]string{"a": "b"}, Images: []*catalogv1.ProductImage{{Url: "/a"}}})
	if err != nil || got.GetName() != "Renamed" || got.GetAttributes()["a"] != "b" || len(got.GetImages()) != 1 {
		t.Fatalf("without a mask: %v, %v", got, err)
	}
	got, err = s.update(t, &catalogv1.Product{Id: first.GetId()}, "attributes", "images")
	if err != nil || len(got.GetAttributes()) != 0 || len(got.GetImages()) != 0 {
		t.Fatalf("emptied: %v, %v", got, err)
	}
	// Reading, changing and writing back the whole product works.
	got.Description = "Whole"
	whole, err := s.update(t, got)
	if err != nil || whole.GetDescription() != "Whole" {
		t.Fatalf("got %v, %v", whole, err)
	}
	same, err := s.update(t, &catalogv1.Product{Id: first.GetId(), Name: "Renamed"}, "name")
	if err != nil || !proto.Equal(same, whole) {
		t.Fatalf("a change to the same gave %v, %v", same, err)
	}
}

func TestABadUpdateOfAProductIsRefused(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	product := s.product(t, "TEA-1", s.category(t, "Tea", "").GetId(), 499)
	id := product.GetId()
	for name, row := range map[string]struct {
		change *catalogv1.Product
		paths  []string
		code   connect.Code
		reason string
		fields []string
	}{
		"a stale etag":      {&catalogv1.Product{Id: id, Etag: "stale", Name: "x"}, nil, connect.CodeAborted, "ETAG_MISMATCH", nil},
		"no such product":   {&catalogv1.Product{Id: uuid.NewString(), Name: "x"}, nil, connect.CodeNotFound, "PRODUCT_NOT_FOUND", nil},
		"no id":             {&catalogv1.Product{Name: "x"}, nil, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"product"}},
		"the code":          {&catalogv1.Product{Id: id, Code: "TEA-2"}, []string{"code"}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"update_mask"}},
		"another code":      {&catalogv1.Product{Id: id, Code: "TEA-2", Name: "x"}, nil, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"product.code"}},
		"what is available": {&catalogv1.Product{Id: id, AvailableQuantity: 7}, []string{"available_quantity"}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"update_mask"}},
		"an unknown field":  {&catalogv1.Product{Id: id}, []string{"colour"}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"update_mask"}},
		"no price":          {&catalogv1.Product{Id: id}, []string{"price"}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"product.price"}},
		"no status":         {&catalogv1.Product{Id: id}, []string{"status"}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"product.status"}},
		"no name":           {&catalogv1.Product{Id: id}, []string{"name"}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"product.name"}},
		"no category":       {&catalogv1.Product{Id: id}, []string{"category_id"}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"product.category_id"}},
		"no such category":  {&catalogv1.Product{Id: id, CategoryId: uuid.NewString()}, nil, connect.CodeNotFound, "CATEGORY_NOT_FOUND", []string{"product.category_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.update(t, row.change, row.paths...)
			testkit.Refused(t, err, row.code, row.reason, row.fields...)
		})
	}
}

func TestAnArchivedProductIsKeptAndComesBack(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	product := s.product(t, "TEA-1", s.category(t, "Tea", "").GetId(), 499)
	_, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: product.GetId(), Etag: "stale"})
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	archived, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: product.GetId(), Etag: product.GetEtag()})
	if err != nil || archived.GetProduct().GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED {
		t.Fatalf("got %v, %v", archived, err)
	}
	again, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: product.GetId()})
	if err != nil || !proto.Equal(again, archived) {
		t.Fatalf("archived again: %v, %v", again, err)
	}
	_, err = s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")

	batch, err := s.products.BatchGetProducts(t.Context(), &catalogv1.BatchGetProductsRequest{Codes: []string{"TEA-1"}})
	if err != nil || len(batch.GetProducts()) != 1 {
		t.Fatalf("got %v, %v", batch, err)
	}
	_, err = s.update(t, &catalogv1.Product{Id: product.GetId(), Name: "Renamed"})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "PRODUCT_ARCHIVED")
	back, err := s.update(t, &catalogv1.Product{
		Id: product.GetId(), Name: "Renamed", Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE,
	})
	if err != nil || back.GetName() != "Renamed" || back.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE {
		t.Fatalf("got %v, %v", back, err)
	}
}

// Who brings a product back sees it first: shoppers don't before it is activated.
func TestAnUnarchivedProductIsADraftUntilItIsActivated(t *testing.T) {
	t.Parallel()
	shop := newReplica(t, authz.Identity{Kind: authz.Customer, ID: uuid.NewString()})
	s := shop.again(t, owner())
	product := s.product(t, "TEA-1", s.category(t, "Tea", "").GetId(), 499)
	id := product.GetId()
	unarchive := func(id, etag string) (*catalogv1.Product, error) {
		res, err := s.products.UnarchiveProduct(t.Context(), &catalogv1.UnarchiveProductRequest{Id: id, Etag: etag})
		return res.GetProduct(), err
	}
	if got, err := unarchive(id, product.GetEtag()); err != nil || !proto.Equal(got, product) {
		t.Fatalf("unarchived while it was active: %v, %v", got, err)
	}
	archived, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: id})
	if err != nil {
		t.Fatal(err)
	}
	_, err = unarchive(id, product.GetEtag())
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	draft, err := unarchive(id, archived.GetProduct().GetEtag())
	if err != nil || draft.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT || draft.GetEtag() == archived.GetProduct().GetEtag() {
		t.Fatalf("got %v, %v", draft, err)
	}
	if again, err := unarchive(id, ""); err != nil || !proto.Equal(again, draft) {
		t.Fatalf("unarchived again: %v, %v", again, err)
	}
	_, err = unarchive(uuid.NewString(), "")
	testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")
	_, err = unarchive("TEA-1", "")
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "id")
	_, err = shop.products.UnarchiveProduct(t.Context(), &catalogv1.UnarchiveProductRequest{Id: id})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")

	_, err = shop.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Id: id})
	testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")
	active, err := s.update(t, &catalogv1.Product{
		Id: id, Etag: draft.GetEtag(), Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE,
	})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "shoppers see the active product", func() bool {
		res, err := shop.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Id: id})
		return err == nil && proto.Equal(res.GetProduct(), active)
	})
	if got, err := unarchive(id, ""); err != nil || !proto.Equal(got, active) {
		t.Fatalf("unarchived after its activation: %v, %v", got, err)
	}

	// What changed nothing made no version.
	for i, change := range s.published(t, id, 4) {
		want := []*catalogv1.Product{product, archived.GetProduct(), draft, active}[i]
		if change.GetVersion() != int64(i+1) || !proto.Equal(change.GetProduct(), want) {
			t.Fatalf("event %d is %v, want %v", i, change, want)
		}
	}
}

func TestABatchHoldsEachProductOnceByCode(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	c, a := s.product(t, "C", category, 3), s.product(t, "A", category, 1)
	s.product(t, "B", category, 2)
	res, err := s.products.BatchGetProducts(t.Context(), &catalogv1.BatchGetProductsRequest{
		Ids: []string{c.GetId(), a.GetId(), a.GetId(), uuid.NewString()}, Codes: []string{"C", "B", "missing"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, product := range res.GetProducts() {
		codes = append(codes, product.GetCode())
	}
	if !slices.Equal(codes, []string{"A", "B", "C"}) {
		t.Fatalf("got %q", codes)
	}
	_, err = s.products.BatchGetProducts(t.Context(), &catalogv1.BatchGetProductsRequest{})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD")
}

// A draft is there for staff alone, whichever way it is requested.
func TestShoppersDontSeeDrafts(t *testing.T) {
	t.Parallel()
	s := newReplica(t, authz.Identity{Kind: authz.Customer, ID: uuid.NewString()})
	staff := s.again(t, owner())
	category := staff.category(t, "Tea", "").GetId()
	draft := staff.create(t, &catalogv1.Product{
		Code: "DRAFT", Name: "Draft", CategoryId: category, Price: euros(1), Status: catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT,
	})
	staff.product(t, "ACTIVE", category, 1)
	for _, request := range []*catalogv1.GetProductRequest{{Id: draft.GetId()}, {Code: "DRAFT"}} {
		_, err := s.products.GetProduct(t.Context(), request)
		testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")
	}
	batch, err := s.products.BatchGetProducts(t.Context(), &catalogv1.BatchGetProductsRequest{Codes: []string{"DRAFT", "ACTIVE"}})
	if err != nil || len(batch.GetProducts()) != 1 {
		t.Fatalf("got %v, %v", batch, err)
	}
	for filter, want := range map[string]int{"": 1, "status = DRAFT": 0, "status != ARCHIVED": 1} {
		list, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{Filter: filter})
		if err != nil || len(list.GetProducts()) != want {
			t.Fatalf("%q: got %v, %v", filter, list, err)
		}
	}
	list, err := staff.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{Filter: "status = DRAFT"})
	if err != nil || len(list.GetProducts()) != 1 {
		t.Fatalf("staff got %v, %v", list, err)
	}
	_, err = s.products.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: &catalogv1.Product{Code: "X"}})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
}

func TestProductsAreServedOverREST(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	created := s.rest(t, http.MethodPost, "/v1/products", http.StatusOK, map[string]any{
		"code": "TEA/1", "name": "Tea", "categoryId": category, "price": map[string]any{"currencyCode": "EUR", "units": "4", "nanos": 990000000},
	})["product"].(map[string]any)
	id := created["id"].(string)
	if got := s.rest(t, http.MethodGet, "/v1/products/"+id, http.StatusOK, nil); got["product"].(map[string]any)["code"] != "TEA/1" {
		t.Fatalf("got %v", got)
	}
	if got := s.rest(t, http.MethodGet, "/v1/products:lookup?code=TEA%2F1", http.StatusOK, nil); got["product"].(map[string]any)["id"] != id {
		t.Fatalf("got %v", got)
	}
	changed := s.rest(t, http.MethodPatch, "/v1/products/"+id, http.StatusOK, map[string]any{
		"etag": created["etag"], "price": map[string]any{"currencyCode": "EUR", "units": "5"},
	})["product"].(map[string]any)
	if price := changed["price"].(map[string]any); price["units"] != "5" || price["nanos"] != nil && price["nanos"] != 0.0 {
		t.Fatalf("got %v", changed)
	}
	list := s.rest(t, http.MethodGet, "/v1/products?filter=price%20%3E%204&orderBy=price%20desc", http.StatusOK, nil)
	if products := list["products"].([]any); len(products) != 1 {
		t.Fatalf("got %v", list)
	}
	archived := s.rest(t, http.MethodPost, "/v1/products/"+id+":archive", http.StatusOK, map[string]any{})
	if archived["product"].(map[string]any)["status"] != "PRODUCT_STATUS_ARCHIVED" {
		t.Fatalf("got %v", archived)
	}
	draft := s.rest(t, http.MethodPost, "/v1/products/"+id+":unarchive", http.StatusOK, map[string]any{
		"etag": archived["product"].(map[string]any)["etag"],
	})
	if draft["product"].(map[string]any)["status"] != "PRODUCT_STATUS_DRAFT" {
		t.Fatalf("got %v", draft)
	}
	s.rest(t, http.MethodGet, "/v1/products/"+uuid.NewString(), http.StatusNotFound, nil)
	s.rest(t, http.MethodDelete, "/v1/categories/"+category, http.StatusBadRequest, nil)
}

func (s harness) rest(t *testing.T, method, path string, status int, body any) map[string]any {
	t.Helper()
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, payload)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := testkit.HTTP(t, owner()).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		t.Fatalf("%s %s: %d %s, %v", method, path, res.StatusCode, strings.TrimSpace(string(text)), err)
	}
	got := map[string]any{}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return got
}
