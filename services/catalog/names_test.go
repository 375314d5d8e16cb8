package catalog_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Names stand where people look for them, whatever their case and accents.
func TestNamesSortForPeople(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	want := []string{"apfel", "Äpfel", "Éclair", "zebra", "Zug"}
	for i, name := range []string{"Zug", "Éclair", "zebra", "Äpfel", "apfel"} {
		category := s.category(t, name, "")
		s.create(t, &catalogv1.Product{Code: string(rune('A' + i)), Name: name, CategoryId: category.GetId(), Price: euros(1)})
	}
	categories, err := s.categories.ListCategories(t.Context(), &catalogv1.ListCategoriesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, category := range categories.GetCategories() {
		names = append(names, category.GetName())
	}
	if got := strings.Join(names, " "); got != strings.Join(want, " ") {
		t.Fatalf("categories %q", got)
	}
	names, token := nil, ""
	for {
		res, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{OrderBy: "name", PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, product := range res.GetProducts() {
			names = append(names, product.GetName())
		}
		if token = res.GetNextPageToken(); token == "" {
			break
		}
	}
	if got := strings.Join(names, " "); got != strings.Join(want, " ") {
		t.Fatalf("products %q", got)
	}
}

// The refusal to delete a category names what is in it, archived products too, so that
// they can be put elsewhere.
func TestACategoryThatIsNotEmptyNamesWhatItHolds(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	tea, shelf := s.category(t, "Tea", ""), s.category(t, "Shelf", "")
	s.product(t, "TEA-1", tea.GetId(), 1)
	old := s.product(t, "OLD-1", tea.GetId(), 1)
	green := s.category(t, "Green", tea.GetId())
	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: old.GetId()}); err != nil {
		t.Fatal(err)
	}
	remove := func() error {
		_, err := s.categories.DeleteCategory(t.Context(), &catalogv1.DeleteCategoryRequest{Id: tea.GetId()})
		return err
	}
	refused := testkit.Refused(t, remove(), connect.CodeFailedPrecondition, "CATEGORY_NOT_EMPTY")
	if refused.Metadata["product_codes"] != "TEA-1,OLD-1" {
		t.Fatalf("it names %q", refused.Metadata)
	}
	for _, named := range []string{"product TEA-1", "product OLD-1 (archived)", `category "Green"`} {
		if !strings.Contains(refused.Message, named) {
			t.Errorf("%q does not name %s", refused.Message, named)
		}
	}
	if err := s.move(t, green.GetId(), shelf.GetId()); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"TEA-1", "OLD-1"} {
		product, err := s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Code: code})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.update(t, &catalogv1.Product{Id: product.GetProduct().GetId(), CategoryId: shelf.GetId()}, "category_id"); err != nil {
			t.Fatalf("refile %s: %v", code, err)
		}
	}
	got, err := s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Code: "OLD-1"})
	if err != nil || got.GetProduct().GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED {
		t.Fatalf("got %v, %v", got, err)
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
}

// A client that lost the answer sends its request again.
func TestACreationThatIsSentAgainIsOne(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := &catalogv1.CreateCategoryRequest{Category: &catalogv1.Category{Name: "Tea"}, RequestId: uuid.NewString()}
	first, err := s.categories.CreateCategory(t.Context(), category)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.categories.CreateCategory(t.Context(), category); err != nil || !proto.Equal(again, first) {
		t.Fatalf("again: %v, %v", again, err)
	}
	_, err = s.categories.CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{
		Category: &catalogv1.Category{Name: "Coffee"}, RequestId: category.GetRequestId(),
	})
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	_, err = s.categories.CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{Category: category.GetCategory()})
	testkit.Refused(t, err, connect.CodeAlreadyExists, "CATEGORY_NAME_TAKEN", "category.name")

	product := &catalogv1.CreateProductRequest{
		Product:   &catalogv1.Product{Code: "TEA-1", Name: "Tea", CategoryId: first.GetCategory().GetId(), Price: euros(1)},
		RequestId: uuid.NewString(),
	}
	created, err := s.products.CreateProduct(t.Context(), product)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.products.CreateProduct(t.Context(), product); err != nil || !proto.Equal(again, created) {
		t.Fatalf("again: %v, %v", again, err)
	}
	product.Product.Name = "Other"
	_, err = s.products.CreateProduct(t.Context(), product)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	product.RequestId = uuid.Nil.String()
	_, err = s.products.CreateProduct(t.Context(), product)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "request_id")
}
