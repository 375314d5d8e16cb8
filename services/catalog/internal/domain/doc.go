// Package domain is what the shop sells: categories in a tree, products with a
// code that is theirs for ever, and how many of each can be bought.
package domain

import "github.com/shopmesh/shopmesh/kit/fault"

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
