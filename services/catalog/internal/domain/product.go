package domain

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
)

// Status reports whether a product is sold.
type Status string

// The statuses, as the database and filters name them.
const (
	// Draft is prepared: shoppers don't see it.
	Draft Status = "DRAFT"
	// Active is sold.
	Active Status = "ACTIVE"
	// Archived is no longer sold, and kept because orders name it.
	Archived Status = "ARCHIVED"
)

// Valid reports whether s is one of the statuses.
func (s Status) Valid() bool { return s == Draft || s == Active || s == Archived }

// Image is a picture of a product.
type Image struct {
	// URL is https, or a path on the shop's own site.
	URL string
	// AltText describes what it shows.
	AltText string
}

// Product is something that the shop sells.
type Product struct {
	state ProductSnapshot
}

// ProductSnapshot is a product as it is stored, shown and published.
type ProductSnapshot struct {
	ID uuid.UUID
	// Code is the owner's own; it never changes and is never used again.
	Code        string
	Name        string
	Description string
	CategoryID  uuid.UUID
	// Price of one, 0 or more.
	Price      money.Money
	Status     Status
	Attributes map[string]string
	// Images; the first is the main one.
	Images []Image
	// Version counts the product's changes, from 1.
	Version    int64
	CreateTime time.Time
	UpdateTime time.Time
}

// Listing is a product together with how many of it can be bought, which changes
// on its own and is no part of the product's version.
type Listing struct {
	ProductSnapshot
	Available int64
}

// RestoreProduct returns the product that a snapshot was taken of.
func RestoreProduct(stored ProductSnapshot) Product { return Product{state: stored} }

// Snapshot returns the product as it is stored, shown and published.
func (p Product) Snapshot() ProductSnapshot { return p.state }

// Etag names this version of the product.
func (p ProductSnapshot) Etag() string { return etag.Of(p.ID, p.Version) }

// CheckEtag refuses an etag that is set and not the current one: ETAG_MISMATCH.
func (p Product) CheckEtag(given string) error { return etag.Check(given, p.state.Etag()) }

// ProductFields are what a caller gives for a new product.
type ProductFields struct {
	Code        string
	Name        string
	Description string
	CategoryID  uuid.UUID
	Price       money.Money
	// Status is Active when empty.
	Status     Status
	Attributes map[string]string
	Images     []Image
}

// NewProduct returns the product that the fields describe. Errors: INVALID_FIELD
// with every bound that is broken.
func NewProduct(fields ProductFields, id uuid.UUID, now time.Time) (Product, error) {
	product := fields.product()
	if err := product.violations().err(); err != nil {
		return Product{}, err
	}
	product.ID, product.Version, product.CreateTime, product.UpdateTime = id, 1, now, now
	return Product{product}, nil
}

func (f ProductFields) product() ProductSnapshot {
	status := f.Status
	if status == "" {
		status = Active
	}
	return ProductSnapshot{
		Code: f.Code, Name: f.Name, Description: f.Description, CategoryID: f.CategoryID,
		Price: f.Price, Status: status, Attributes: f.Attributes, Images: f.Images,
	}
}

// ProductChange holds what to change; nil leaves a field as it is.
type ProductChange struct {
	// Code, when given, must be the product's own: it never changes.
	Code        *string
	Name        *string
	Description *string
	CategoryID  *uuid.UUID
	Price       *money.Money
	Status      *Status
	Attributes  *map[string]string
	Images      *[]Image
}

// Change returns the product after the change, and whether anything is different.
// Of an archived product the category alone can change, so that its old one can be
// deleted, unless the change brings the product back by its status. Errors:
// INVALID_FIELD, PRODUCT_ARCHIVED.
func (p Product) Change(change ProductChange, now time.Time) (Product, bool, error) {
	next := p.state
	set(&next.Name, change.Name)
	set(&next.Description, change.Description)
	set(&next.CategoryID, change.CategoryID)
	set(&next.Price, change.Price)
	set(&next.Status, change.Status)
	set(&next.Attributes, change.Attributes)
	set(&next.Images, change.Images)
	wrong := next.violations()
	if change.Code != nil && *change.Code != p.state.Code {
		wrong.add("product.code", fault.RuleUnalterable, "never changes: it is %q", p.state.Code)
	}
	if err := wrong.err(); err != nil {
		return Product{}, false, err
	}
	if p.state.Status == Archived && next.Status == Archived {
		refiled := p.state
		refiled.CategoryID = next.CategoryID
		if !next.same(refiled) {
			return Product{}, false, errProductArchived(p.state)
		}
	}
	if next.same(p.state) {
		return p, false, nil
	}
	return Product{next}.changed(now), true, nil
}

// Archive returns the product taken from sale, and whether it was not before.
func (p Product) Archive(now time.Time) (Product, bool) {
	if p.state.Status == Archived {
		return p, false
	}
	p.state.Status = Archived
	return p.changed(now), true
}

// Unarchive returns an archived product as a draft, and true: it is sold only when
// somebody has looked at what may be out of date and has set it to Active. A product
// that is not archived stays as it is, so that a repeated call does not take from sale
// what was activated meanwhile.
func (p Product) Unarchive(now time.Time) (Product, bool) {
	if p.state.Status != Archived {
		return p, false
	}
	p.state.Status = Draft
	return p.changed(now), true
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

func (p Product) changed(now time.Time) Product {
	p.state.Version++
	p.state.UpdateTime = now
	return p
}

func (p ProductSnapshot) same(o ProductSnapshot) bool {
	return p.Name == o.Name && p.Description == o.Description && p.CategoryID == o.CategoryID &&
		p.Price == o.Price && p.Status == o.Status &&
		maps.Equal(p.Attributes, o.Attributes) && slices.Equal(p.Images, o.Images)
}
