package domain

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// MaxDepth is how many levels the tree of categories may have; a category at the
// top is on level 1.
const MaxDepth = 8

// Category is a node of the tree that products are sorted into.
type Category struct {
	state CategorySnapshot
}

// CategorySnapshot is a category as it is stored and shown.
type CategorySnapshot struct {
	ID uuid.UUID
	// ParentID is the category above; uuid.Nil at the top.
	ParentID    uuid.UUID
	Name        string
	Description string
	// Version counts the category's changes, from 1.
	Version    int64
	CreateTime time.Time
	UpdateTime time.Time
}

// RestoreCategory returns the category that a snapshot was taken of.
func RestoreCategory(stored CategorySnapshot) Category { return Category{state: stored} }

// Snapshot returns the category as it is stored and shown.
func (c Category) Snapshot() CategorySnapshot { return c.state }

// Etag names this version of the category.
func (c CategorySnapshot) Etag() string { return etag.Of(c.ID, c.Version) }

// CheckEtag refuses an etag that is set and not the current one: ETAG_MISMATCH.
func (c Category) CheckEtag(given string) error { return etag.Check(given, c.state.Etag()) }

// CategoryFields are what a caller gives for a new category.
type CategoryFields struct {
	Name        string
	Description string
	// ParentID is uuid.Nil for the top.
	ParentID uuid.UUID
}

// Place is where in the tree a category would stand: the wanted parent's ids from
// the parent up to the top; empty for the top, and for a parent that is not there.
type Place []uuid.UUID

// NewCategory returns the category that the fields describe. Errors: INVALID_FIELD,
// CATEGORY_NOT_FOUND when place does not lead to the wanted parent, CATEGORY_CYCLE
// when the tree would be deeper than MaxDepth.
func NewCategory(fields CategoryFields, place Place, id uuid.UUID, now time.Time) (Category, error) {
	category := Category{CategorySnapshot{
		ID: id, ParentID: fields.ParentID, Name: fields.Name, Description: fields.Description,
		Version: 1, CreateTime: now, UpdateTime: now,
	}}
	if err := category.check(); err != nil {
		return Category{}, err
	}
	if err := place.accept(category, 1); err != nil {
		return Category{}, err
	}
	return category, nil
}

// CategoryChange holds what to change; nil leaves a field as it is.
type CategoryChange struct {
	Name        *string
	Description *string
	// ParentID moves the category with all below it; uuid.Nil is the top.
	ParentID *uuid.UUID
}

// Moves reports whether the change gives the category another parent.
func (ch CategoryChange) Moves(category Category) bool {
	return ch.ParentID != nil && *ch.ParentID != category.state.ParentID
}

// Change returns the category after the change, and whether anything is different.
// place is the new parent's, height the levels that the category and all below it
// span; both count only when the change moves it. Errors: INVALID_FIELD,
// CATEGORY_NOT_FOUND for the new parent, CATEGORY_CYCLE.
func (c Category) Change(change CategoryChange, place Place, height int, now time.Time) (Category, bool, error) {
	next := c
	state := &next.state
	if change.Name != nil {
		state.Name = *change.Name
	}
	if change.Description != nil {
		state.Description = *change.Description
	}
	if change.ParentID != nil {
		state.ParentID = *change.ParentID
	}
	if next == c {
		return c, false, nil
	}
	if err := next.check(); err != nil {
		return Category{}, false, err
	}
	if change.Moves(c) {
		if err := place.accept(next, height); err != nil {
			return Category{}, false, err
		}
	}
	state.Version++
	state.UpdateTime = now
	return next, true, nil
}

func (c Category) check() error {
	var wrong violations
	wrong.check("category.name", grammar.RequiredLine(c.state.Name, 200))
	wrong.check("category.description", grammar.Text(c.state.Description, 4000))
	return wrong.err()
}

// accept reports whether a category that spans height levels can stand here.
func (p Place) accept(accepted Category, height int) error {
	const field = "category.parent_id"
	category := accepted.state
	if category.ParentID == uuid.Nil {
		p = nil
	} else if len(p) == 0 || p[0] != category.ParentID {
		return ErrCategoryNotFound(category.ParentID).Field(field, "no category has this id")
	}
	if slices.Contains(p, category.ID) {
		return fault.New(fault.FailedPrecondition, ReasonCategoryCycle,
			"category %s can't stand below itself: choose a parent outside of it", category.ID).
			Field(field, "is the category itself or stands below it")
	}
	if depth := len(p) + height; depth > MaxDepth {
		return fault.New(fault.FailedPrecondition, ReasonCategoryCycle,
			"the tree would be %d levels deep, %d are allowed: choose a parent further up", depth, MaxDepth).
			Field(field, "stands too deep in the tree")
	}
	return nil
}
