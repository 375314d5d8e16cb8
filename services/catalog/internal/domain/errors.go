package domain

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The reasons of this context (shopmesh.errors.v1.Reason).
const (
	ReasonProductNotFound   fault.Reason = "PRODUCT_NOT_FOUND"
	ReasonProductCodeTaken  fault.Reason = "PRODUCT_CODE_TAKEN"
	ReasonProductArchived   fault.Reason = "PRODUCT_ARCHIVED"
	ReasonCategoryNotFound  fault.Reason = "CATEGORY_NOT_FOUND"
	ReasonCategoryNameTaken fault.Reason = "CATEGORY_NAME_TAKEN"
	ReasonCategoryNotEmpty  fault.Reason = "CATEGORY_NOT_EMPTY"
	ReasonCategoryCycle     fault.Reason = "CATEGORY_CYCLE"
)

// ErrProductNotFound is the fault for an id or code that no product has.
func ErrProductNotFound(name string) *fault.Error {
	return fault.New(fault.NotFound, ReasonProductNotFound, "no product has the id or code %q", name)
}

// ErrProductCodeTaken is the fault for a code that a product has or had.
func ErrProductCodeTaken(code string) *fault.Error {
	return fault.New(fault.AlreadyExists, ReasonProductCodeTaken,
		"a product has, or had, the code %q: choose another", code).
		With("code", code).Field("product.code", "is, or was, another product's")
}

// ErrProductCategoryNotFound is the fault for a product in a category that does not
// exist.
func ErrProductCategoryNotFound(id uuid.UUID) *fault.Error {
	return ErrCategoryNotFound(id).Field("product.category_id", "no category has this id")
}

// errProductArchived is the fault for a change of an archived product.
func errProductArchived(p ProductSnapshot) *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonProductArchived,
		"product %q is archived: only its category can change; call UnarchiveProduct first, or set its status to ACTIVE or DRAFT in the same call", p.Code).
		With("product_id", p.ID.String())
}

// ErrCategoryNotFound is the fault for an id that no category has.
func ErrCategoryNotFound(id uuid.UUID) *fault.Error {
	return fault.New(fault.NotFound, ReasonCategoryNotFound, "no category has the id %s", id).
		With("category_id", id.String())
}

// ErrCategoryNameTaken is the fault for a name that a sibling has, in any case of
// letters.
func ErrCategoryNameTaken(name string) *fault.Error {
	return fault.New(fault.AlreadyExists, ReasonCategoryNameTaken,
		"the name %q is taken by a category beside it, in this or another case of letters: choose another name", shortened(name)).
		Field("category.name", "a category beside it has this name, in this or another case of letters")
}

// Contents are what a category holds, as far as the refusal to delete it names them.
type Contents struct {
	// Products are the codes of products, Archived are those of them that are archived.
	Products []string
	Archived map[string]bool
	// Categories are the names of subcategories.
	Categories []string
}

// MaxContents is how many products, and how many subcategories, Contents name.
const MaxContents = 10

// ErrCategoryNotEmpty is the fault for deleting a category that holds something. It
// names what that is: archived products are not in the lists that people read.
func ErrCategoryNotEmpty(id uuid.UUID, contents Contents) *fault.Error {
	var named []string
	for _, code := range contents.Products {
		if contents.Archived[code] {
			code += " (archived)"
		}
		named = append(named, "product "+code)
	}
	for _, name := range contents.Categories {
		named = append(named, fmt.Sprintf("category %q", shortened(name)))
	}
	holds := strings.Join(named, ", ")
	if len(contents.Products) >= MaxContents || len(contents.Categories) >= MaxContents {
		holds += ", and perhaps more"
	}
	if holds == "" {
		holds = "products or subcategories"
	}
	return fault.New(fault.FailedPrecondition, ReasonCategoryNotEmpty,
		"category %s holds %s: put them into another category first", id, holds).
		With("category_id", id.String()).With("product_codes", strings.Join(contents.Products, ","))
}
