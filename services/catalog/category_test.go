package catalog_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// category creates one, at the top when parent is empty.
func (s harness) category(t *testing.T, name, parent string) *catalogv1.Category {
	t.Helper()
	res, err := s.categories.CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{
		Category: &catalogv1.Category{Name: name, ParentId: parent},
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetCategory()
}

func (s harness) move(t *testing.T, id, parent string) error {
	t.Helper()
	_, err := s.categories.UpdateCategory(t.Context(), &catalogv1.UpdateCategoryRequest{
		Category:   &catalogv1.Category{Id: id, ParentId: parent},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"parent_id"}},
	})
	return err
}

func TestACategoryIsReadAsItWasCreated(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	drinks := s.category(t, "Drinks", "")
	res, err := s.categories.CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{
		Category: &catalogv1.Category{Name: "Tea", Description: "Leaves", ParentId: drinks.GetId()},
	})
	if err != nil {
		t.Fatal(err)
	}
	tea := res.GetCategory()
	if tea.GetParentId() != drinks.GetId() || tea.GetDescription() != "Leaves" || tea.GetEtag() == "" || tea.GetCreateTime() == nil {
		t.Fatalf("created %v", tea)
	}
	if id, err := uuid.Parse(tea.GetId()); err != nil || id.Version() != 7 {
		t.Fatalf("id %q", tea.GetId())
	}
	got, err := s.categories.GetCategory(t.Context(), &catalogv1.GetCategoryRequest{Id: tea.GetId()})
	if err != nil || !proto.Equal(got.GetCategory(), tea) {
		t.Fatalf("read %v, %v, created %v", got, err, tea)
	}
	_, err = s.categories.GetCategory(t.Context(), &catalogv1.GetCategoryRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "CATEGORY_NOT_FOUND")
}

func TestABadCategoryIsRefusedByField(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	for name, row := range map[string]struct {
		category *catalogv1.Category
		code     connect.Code
		reason   string
		field    string
	}{
		"no name":            {&catalogv1.Category{}, connect.CodeInvalidArgument, "INVALID_FIELD", "category.name"},
		"a long name":        {&catalogv1.Category{Name: strings.Repeat("x", 201)}, connect.CodeInvalidArgument, "INVALID_FIELD", "category.name"},
		"its own id":         {&catalogv1.Category{Name: "Tea", Id: uuid.NewString()}, connect.CodeInvalidArgument, "INVALID_FIELD", "category"},
		"an invisible name":  {&catalogv1.Category{Name: "\u200b"}, connect.CodeInvalidArgument, "INVALID_FIELD", "category.name"},
		"U+0000":             {&catalogv1.Category{Name: "Te\x00a"}, connect.CodeInvalidArgument, "INVALID_FIELD", "category.name"},
		"an all-zero parent": {&catalogv1.Category{Name: "Tea", ParentId: uuid.Nil.String()}, connect.CodeInvalidArgument, "INVALID_FIELD", "category.parent_id"},
		"a broken parent":    {&catalogv1.Category{Name: "Tea", ParentId: "drinks"}, connect.CodeInvalidArgument, "INVALID_FIELD", "category.parent_id"},
		"a missing parent":   {&catalogv1.Category{Name: "Tea", ParentId: uuid.NewString()}, connect.CodeNotFound, "CATEGORY_NOT_FOUND", "category.parent_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.categories.CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{Category: row.category})
			testkit.Refused(t, err, row.code, row.reason, row.field)
		})
	}
}

func TestSiblingsHaveDifferentNames(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	drinks, food := s.category(t, "Drinks", ""), s.category(t, "Food", "")
	tea := s.category(t, "Tea", drinks.GetId())
	s.category(t, "Tea", food.GetId())

	for _, taken := range [][2]string{{"Drinks", ""}, {"Tea", drinks.GetId()}, {"TEA", drinks.GetId()}, {" tea ", drinks.GetId()}} {
		name, parent := taken[0], taken[1]
		_, err := s.categories.CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{
			Category: &catalogv1.Category{Name: name, ParentId: parent},
		})
		testkit.Refused(t, err, connect.CodeAlreadyExists, "CATEGORY_NAME_TAKEN", "category.name")
	}
	testkit.Refused(t, s.move(t, tea.GetId(), food.GetId()), connect.CodeAlreadyExists, "CATEGORY_NAME_TAKEN", "category.name")
}

func TestOfManyCategoriesOfOneNameOneIsCreated(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	const callers = 8
	outcomes := make([]error, callers)
	var calls sync.WaitGroup
	for i := range callers {
		calls.Go(func() {
			_, outcomes[i] = s.categories.CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{
				Category: &catalogv1.Category{Name: "Tea"},
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
		testkit.Refused(t, err, connect.CodeAlreadyExists, "CATEGORY_NAME_TAKEN", "category.name")
	}
	if created != 1 {
		t.Fatalf("%d were created", created)
	}
}

func TestAnUpdateChangesWhatTheMaskNames(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	tea := s.category(t, "Tea", "")
	update := func(category *catalogv1.Category, paths ...string) (*catalogv1.Category, error) {
		category.Id = tea.GetId()
		res, err := s.categories.UpdateCategory(t.Context(), &catalogv1.UpdateCategoryRequest{
			Category: category, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		return res.GetCategory(), err
	}
	got, err := update(&catalogv1.Category{Name: "Teas", Description: "Leaves", Etag: tea.GetEtag()}, "name")
	if err != nil || got.GetName() != "Teas" || got.GetDescription() != "" || got.GetEtag() == tea.GetEtag() {
		t.Fatalf("got %v, %v", got, err)
	}
	got, err = update(&catalogv1.Category{Description: "Leaves"})
	if err != nil || got.GetName() != "Teas" || got.GetDescription() != "Leaves" {
		t.Fatalf("without a mask: %v, %v", got, err)
	}
	_, err = update(&catalogv1.Category{Name: "Tea", Etag: tea.GetEtag()}, "name")
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	_, err = update(&catalogv1.Category{}, "colour", "id")
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "update_mask")
	_, err = update(&catalogv1.Category{}, "name")
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "category.name")
	_, err = s.categories.UpdateCategory(t.Context(), &catalogv1.UpdateCategoryRequest{
		Category: &catalogv1.Category{Id: uuid.NewString(), Name: "Tea"},
	})
	testkit.Refused(t, err, connect.CodeNotFound, "CATEGORY_NOT_FOUND")
}

// A change that was done and whose answer was lost is not refused for its etag when it is sent
// again, a move as little as another name.
func TestAnUpdateOfACategorySentAgainWithItsEtagIsDone(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	drinks, tea := s.category(t, "Drinks", ""), s.category(t, "Tea", "")
	again := func() (*catalogv1.Category, error) {
		res, err := s.categories.UpdateCategory(t.Context(), &catalogv1.UpdateCategoryRequest{
			Category:   &catalogv1.Category{Id: tea.GetId(), Etag: tea.GetEtag(), Name: "Teas", ParentId: drinks.GetId()},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name", "parent_id"}},
		})
		return res.GetCategory(), err
	}
	first, err := again()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := again(); err != nil || !proto.Equal(second, first) {
		t.Errorf("sent again: %v, %v, first %v", second, err, first)
	}
}

func TestACategoryNeverStandsBelowItself(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	top := s.category(t, "1", "")
	path := []string{top.GetId()}
	for level := 2; level <= 8; level++ {
		path = append(path, s.category(t, fmt.Sprint(level), path[len(path)-1]).GetId())
	}
	_, err := s.categories.CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{
		Category: &catalogv1.Category{Name: "9", ParentId: path[7]},
	})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "CATEGORY_CYCLE", "category.parent_id")
	for _, parent := range path {
		testkit.Refused(t, s.move(t, path[0], parent), connect.CodeFailedPrecondition, "CATEGORY_CYCLE", "category.parent_id")
	}
	other := s.category(t, "other", "")
	testkit.Refused(t, s.move(t, path[0], other.GetId()), connect.CodeFailedPrecondition, "CATEGORY_CYCLE", "category.parent_id")
	if err := s.move(t, path[1], other.GetId()); err != nil {
		t.Fatalf("moving seven levels below another: %v", err)
	}
	if err := s.move(t, path[1], ""); err != nil {
		t.Fatalf("moving to the top: %v", err)
	}
	testkit.Refused(t, s.move(t, path[1], uuid.NewString()), connect.CodeNotFound, "CATEGORY_NOT_FOUND", "category.parent_id")
}

// Two moves that are each right, and together a cycle, never both happen.
func TestMovesAtOnceMakeNoCycle(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	for round := range 10 {
		a, b := s.category(t, fmt.Sprint("a", round), ""), s.category(t, fmt.Sprint("b", round), "")
		var moves sync.WaitGroup
		var below, above error
		moves.Go(func() { below = s.move(t, a.GetId(), b.GetId()) })
		moves.Go(func() { above = s.move(t, b.GetId(), a.GetId()) })
		moves.Wait()
		if (below == nil) == (above == nil) {
			t.Fatalf("the moves ended with %v and %v", below, above)
		}
	}
}

func TestOnlyAnEmptyCategoryIsDeleted(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	drinks := s.category(t, "Drinks", "")
	tea := s.category(t, "Tea", drinks.GetId())
	remove := func(id, etag string) error {
		_, err := s.categories.DeleteCategory(t.Context(), &catalogv1.DeleteCategoryRequest{Id: id, Etag: etag})
		return err
	}
	testkit.Refused(t, remove(drinks.GetId(), ""), connect.CodeFailedPrecondition, "CATEGORY_NOT_EMPTY")
	product := s.product(t, "TEA-1", tea.GetId(), 499)
	testkit.Refused(t, remove(tea.GetId(), ""), connect.CodeFailedPrecondition, "CATEGORY_NOT_EMPTY")
	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: product.GetId()}); err != nil {
		t.Fatal(err)
	}
	testkit.Refused(t, remove(tea.GetId(), ""), connect.CodeFailedPrecondition, "CATEGORY_NOT_EMPTY")

	coffee := s.category(t, "Coffee", drinks.GetId())
	testkit.Refused(t, remove(coffee.GetId(), "stale"), connect.CodeAborted, "ETAG_MISMATCH")
	if err := remove(coffee.GetId(), coffee.GetEtag()); err != nil {
		t.Fatal(err)
	}
	testkit.Refused(t, remove(coffee.GetId(), ""), connect.CodeNotFound, "CATEGORY_NOT_FOUND")
}

func TestCategoriesAreListedByName(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	drinks := s.category(t, "Drinks", "")
	for _, name := range []string{"Water", "Tea", "Coffee", "Juice", "Cocoa"} {
		s.category(t, name, drinks.GetId())
	}
	s.category(t, "Food", "")
	for filter, want := range map[string]string{
		``:                                     "Cocoa Coffee Drinks Food Juice Tea Water",
		`parent_id = ""`:                       "Drinks Food",
		`parent_id != ""`:                      "Cocoa Coffee Juice Tea Water",
		`name = "Tea"`:                         "Tea",
		`name = "Te%"`:                         "",
		`name = " tEA "`:                       "Tea",
		`name != "tea" AND parent_id != ""`:    "Cocoa Coffee Juice Water",
		`parent_id = "` + drinks.GetId() + `"`: "Cocoa Coffee Juice Tea Water",
		`parent_id = "` + strings.ToUpper(drinks.GetId()) + `" AND name = "Juice"`: "Juice",
	} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			var names []string
			token := ""
			for {
				res, err := s.categories.ListCategories(t.Context(), &catalogv1.ListCategoriesRequest{
					PageSize: 2, PageToken: token, Filter: filter,
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, category := range res.GetCategories() {
					names = append(names, category.GetName())
				}
				if token = res.GetNextPageToken(); token == "" {
					break
				}
			}
			if got := strings.Join(names, " "); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		})
	}
	for _, filter := range []string{`parent_id = "drinks"`, `parent_id > ""`, `colour = "red"`, `name`} {
		_, err := s.categories.ListCategories(t.Context(), &catalogv1.ListCategoriesRequest{Filter: filter})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "filter")
	}
	_, err := s.categories.ListCategories(t.Context(), &catalogv1.ListCategoriesRequest{PageToken: "forged"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
}
