package domain

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
)

func tea() ProductFields {
	return ProductFields{
		Code: "TEA-1", Name: "Green tea", CategoryID: uuid.UUID{15: 1},
		Price: money.Money{Currency: "EUR", Amount: 499},
	}
}

func TestANewProductIsActiveUnlessItNamesAnotherStatus(t *testing.T) {
	t.Parallel()
	product, err := NewProduct(tea(), uuid.New(), morning)
	if err != nil || product.state.Status != Active || product.state.Version != 1 || !product.state.CreateTime.Equal(morning) {
		t.Fatalf("got %+v, %v", product, err)
	}
	fields := tea()
	fields.Status = Draft
	if product, err = NewProduct(fields, uuid.New(), morning); err != nil || product.state.Status != Draft {
		t.Fatalf("got %+v, %v", product, err)
	}
}

func TestANewProductKeepsItsBounds(t *testing.T) {
	t.Parallel()
	many := func(n int) map[string]string {
		attributes := map[string]string{}
		for i := range n {
			attributes[fmt.Sprint("name", i)] = "value"
		}
		return attributes
	}
	for name, row := range map[string]struct {
		spoil func(*ProductFields)
		field string
	}{
		"every kind of character in its code": {func(f *ProductFields) { f.Code = "aZ09._/-" }, ""},
		"a code of 64":                        {func(f *ProductFields) { f.Code = strings.Repeat("A", 64) }, ""},
		"a code of 65":                        {func(f *ProductFields) { f.Code = strings.Repeat("A", 65) }, "product.code"},
		"no code":                             {func(f *ProductFields) { f.Code = "" }, "product.code"},
		"a blank in the code":                 {func(f *ProductFields) { f.Code = "TEA 1" }, "product.code"},
		"a letter beyond ASCII in the code":   {func(f *ProductFields) { f.Code = "TÉA" }, "product.code"},
		"a line break after the code":         {func(f *ProductFields) { f.Code = "TEA\n" }, "product.code"},
		"no name":                             {func(f *ProductFields) { f.Name = "" }, "product.name"},
		"a name of 201":                       {func(f *ProductFields) { f.Name = strings.Repeat("x", 201) }, "product.name"},
		"a line break in its name":            {func(f *ProductFields) { f.Name = "Tea\r\nBcc: eve@example.com" }, "product.name"},
		"a description of 10,001":             {func(f *ProductFields) { f.Description = strings.Repeat("x", 10_001) }, "product.description"},
		"no category":                         {func(f *ProductFields) { f.CategoryID = uuid.Nil }, "product.category_id"},
		"a price of 0":                        {func(f *ProductFields) { f.Price.Amount = 0 }, ""},
		"the largest price":                   {func(f *ProductFields) { f.Price.Amount = math.MaxInt64 }, ""},
		"a price below 0":                     {func(f *ProductFields) { f.Price.Amount = -1 }, "product.price.units"},
		"a currency that is none":             {func(f *ProductFields) { f.Price.Currency = "XQZ" }, "product.price.currency_code"},
		"a status that is none":               {func(f *ProductFields) { f.Status = "SOLD" }, "product.status"},
		"50 attributes":                       {func(f *ProductFields) { f.Attributes = many(50) }, ""},
		"51 attributes":                       {func(f *ProductFields) { f.Attributes = many(51) }, "product.attributes"},
		"an attribute without a name":         {func(f *ProductFields) { f.Attributes = map[string]string{"": "red"} }, `product.attributes[""]`},
		"a value of 1001":                     {func(f *ProductFields) { f.Attributes = map[string]string{"a": strings.Repeat("x", 1001)} }, `product.attributes["a"]`},
		"20 images":                           {func(f *ProductFields) { f.Images = images(20) }, ""},
		"21 images":                           {func(f *ProductFields) { f.Images = images(21) }, "product.images"},
		"an alt text of 501": {func(f *ProductFields) {
			f.Images = []Image{{URL: "/a.png", AltText: strings.Repeat("x", 501)}}
		}, "product.images[0].alt_text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := tea()
			row.spoil(&fields)
			_, err := NewProduct(fields, uuid.New(), morning)
			wantViolation(t, err, row.field)
		})
	}
}

func images(n int) []Image {
	pictures := make([]Image, n)
	for i := range pictures {
		pictures[i].URL = fmt.Sprintf("/images/%d.png", i)
	}
	return pictures
}

func TestAnImageIsOnHTTPSOrOnTheShopsOwnSite(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"https://images.example.com/a.png":           true,
		"https://images.example.com/a.png?w=3#x":     true,
		"/images/a.png":                              true,
		"/" + strings.Repeat("a", 1999):              true,
		"/" + strings.Repeat("a", 2000):              false,
		"":                                           false,
		"http://images.example.com/a.png":            false,
		"//images.example.com/a.png":                 false,
		`/\images.example.com/a.png`:                 false,
		"images/a.png":                               false,
		"javascript:alert(1)":                        false,
		"java\nscript:alert(1)":                      false,
		" https://images.example.com/a.png":          false,
		"data:image/png;base64,AAAA":                 false,
		"https://":                                   false,
		"https://user:secret@images.example.com/a":   false,
		"https://images.example.com/a b.png":         false,
		"ftp://images.example.com/a.png":             false,
		"https:images.example.com":                   false,
		"/images/\t/a.png":                           false,
		"vbscript:msgbox(1)":                         false,
		"https://images.example.com/%zz":             false,
		"https://xn--bcher-kva.example/cover.png":    true,
		"https://images.example.com/\u202egnp.exe":   false, // the text runs backwards
		"https://images.example.com/b%C3%BCcher.png": true,
	} {
		if validImageURL(text) != good {
			t.Errorf("%q: accepted is %t, want %t", text, !good, good)
		}
	}
}

func TestEveryBrokenBoundIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := NewProduct(ProductFields{Status: "SOLD", Price: money.Money{Currency: "EUR", Amount: -1}}, uuid.New(), morning)
	for _, field := range []string{"product.code", "product.name", "product.category_id", "product.price.units", "product.status"} {
		wantViolation(t, err, field)
	}
}

func TestAnArchivedProductChangesItsCategoryAloneOrIsBroughtBack(t *testing.T) {
	t.Parallel()
	product, err := NewProduct(tea(), uuid.New(), morning)
	if err != nil {
		t.Fatal(err)
	}
	archived, changed := product.Archive(noon)
	if !changed || archived.state.Status != Archived || archived.state.Version != 2 {
		t.Fatalf("got %+v, %t", archived, changed)
	}
	if again, changed := archived.Archive(noon.Add(1)); changed || again.state.Version != 2 || !again.state.UpdateTime.Equal(noon) {
		t.Fatalf("archiving again changed it to %+v", again)
	}
	name, active, draft, gone := "Black tea", Active, Draft, Archived
	_, _, err = archived.Change(ProductChange{Name: &name}, noon)
	wantReason(t, err, ReasonProductArchived)
	if !strings.Contains(err.Error(), "UnarchiveProduct") {
		t.Errorf("the refusal does not name what to do: %v", err)
	}
	_, _, err = archived.Change(ProductChange{Name: &name, Status: &gone}, noon)
	wantReason(t, err, ReasonProductArchived)
	shelf := uuid.New()
	refiled, changed, err := archived.Change(ProductChange{CategoryID: &shelf}, noon)
	if err != nil || !changed || refiled.state.CategoryID != shelf || refiled.state.Status != Archived || refiled.state.Version != 3 {
		t.Fatalf("refiled it is %+v, %t, %v", refiled, changed, err)
	}
	_, _, err = archived.Change(ProductChange{CategoryID: &shelf, Name: &name}, noon)
	wantReason(t, err, ReasonProductArchived)
	for _, status := range []*Status{&active, &draft} {
		back, changed, err := archived.Change(ProductChange{Name: &name, Status: status}, noon)
		if err != nil || !changed || back.state.Status != *status || back.state.Name != name || back.state.Version != 3 {
			t.Fatalf("got %+v, %t, %v", back, changed, err)
		}
	}
}

func TestAnUnarchivedProductIsADraftAndAnyOtherStaysAsItIs(t *testing.T) {
	t.Parallel()
	for status, row := range map[Status]struct {
		want    Status
		changed bool
	}{
		Archived: {Draft, true},
		Draft:    {Draft, false},
		Active:   {Active, false},
	} {
		fields := tea()
		fields.Status = status
		product, err := NewProduct(fields, uuid.New(), morning)
		if err != nil {
			t.Fatal(err)
		}
		want := product
		want.state.Status = row.want
		if row.changed {
			want.state.Version, want.state.UpdateTime = 2, noon
		}
		back, changed := product.Unarchive(noon)
		if changed != row.changed || !reflect.DeepEqual(back, want) {
			t.Errorf("%s: got %+v, %t, want %+v, %t", status, back, changed, want, row.changed)
		}
		again, changed := back.Unarchive(noon.Add(1))
		if changed || !reflect.DeepEqual(again, back) {
			t.Errorf("%s: unarchiving again changed it to %+v", status, again)
		}
	}
}

func TestAChangeKeepsWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fields := tea()
		fields.Attributes = map[string]string{"colour": "green"}
		fields.Images = images(2)
		before, err := NewProduct(fields, uuid.UUID{15: 9}, morning)
		if err != nil {
			t.Fatal(err)
		}
		want := before
		var change ProductChange
		if rapid.Bool().Draw(t, "name") {
			name := rapid.SampledFrom([]string{"Green tea", "Black tea"}).Draw(t, "new name")
			change.Name, want.state.Name = &name, name
		}
		if rapid.Bool().Draw(t, "price") {
			price := money.Money{Currency: "EUR", Amount: rapid.SampledFrom([]int64{0, 499, 500}).Draw(t, "new price")}
			change.Price, want.state.Price = &price, price
		}
		if rapid.Bool().Draw(t, "attributes") {
			attributes := rapid.SampledFrom([]map[string]string{nil, {"colour": "green"}, {"colour": "black"}}).Draw(t, "new attributes")
			change.Attributes, want.state.Attributes = &attributes, attributes
		}
		if rapid.Bool().Draw(t, "images") {
			pictures := images(rapid.IntRange(0, 3).Draw(t, "new images"))
			change.Images, want.state.Images = &pictures, pictures
		}
		after, changed, err := before.Change(change, noon)
		if err != nil {
			t.Fatal(err)
		}
		if changed != !want.state.same(before.state) || !after.state.same(want.state) {
			t.Fatalf("got %+v (changed %t), want %+v", after, changed, want)
		}
		if changed && (after.state.Version != 2 || !after.state.UpdateTime.Equal(noon)) || !changed && after.state.Version != 1 {
			t.Fatalf("version %d, update time %s", after.state.Version, after.state.UpdateTime)
		}
		if after.state.ID != before.state.ID || after.state.Code != before.state.Code || !after.state.CreateTime.Equal(before.state.CreateTime) {
			t.Fatalf("what never changes did: %+v", after)
		}
	})
}

func TestAChangeMustKeepTheBounds(t *testing.T) {
	t.Parallel()
	product, err := NewProduct(tea(), uuid.New(), morning)
	if err != nil {
		t.Fatal(err)
	}
	blank, status, code := " ", Status(""), "TEA-2"
	_, _, err = product.Change(ProductChange{Name: &blank}, noon)
	wantViolation(t, err, "product.name")
	_, _, err = product.Change(ProductChange{Status: &status}, noon)
	wantViolation(t, err, "product.status")
	_, _, err = product.Change(ProductChange{Code: &code}, noon)
	wantViolation(t, err, "product.code")
	if _, changed, err := product.Change(ProductChange{Code: &product.state.Code}, noon); err != nil || changed {
		t.Fatalf("its own code changes a product: %t, %v", changed, err)
	}
}

func TestFaultsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	for reason, err := range map[fault.Reason]*fault.Error{
		ReasonProductNotFound:   ErrProductNotFound("TEA-1"),
		ReasonProductCodeTaken:  ErrProductCodeTaken("TEA-1"),
		ReasonCategoryNameTaken: ErrCategoryNameTaken("Tea"),
		ReasonCategoryNotEmpty:  ErrCategoryNotEmpty(uuid.New(), Contents{}),
		ReasonCategoryNotFound:  ErrProductCategoryNotFound(uuid.New()),
	} {
		wantReason(t, err, reason)
	}
}
