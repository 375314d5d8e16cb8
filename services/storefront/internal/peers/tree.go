package peers

import catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"

// Tree is the tree of categories.
type Tree struct {
	byID     map[string]*catalogv1.Category
	children map[string][]*catalogv1.Category
}

// NewTree makes the tree of categories that are ordered by name.
func NewTree(all []*catalogv1.Category) *Tree {
	t := &Tree{byID: make(map[string]*catalogv1.Category, len(all)), children: make(map[string][]*catalogv1.Category)}
	for _, category := range all {
		t.byID[category.GetId()] = category
		t.children[category.GetParentId()] = append(t.children[category.GetParentId()], category)
	}
	return t
}

// Find returns a category; nil when it is not there.
func (t *Tree) Find(id string) *catalogv1.Category { return t.byID[id] }

// Below returns the categories right below one, by name; the top ones for "".
func (t *Tree) Below(id string) []*catalogv1.Category { return t.children[id] }

// All returns every category, in no order.
func (t *Tree) All() map[string]*catalogv1.Category { return t.byID }

// maxDepth is how deep the tree is at most, by its contract.
const maxDepth = 8

// Path returns a category and those above it, the top one first; none for one that is not
// there.
func (t *Tree) Path(id string) []*catalogv1.Category {
	var path []*catalogv1.Category
	for category := t.byID[id]; category != nil && len(path) < maxDepth; category = t.byID[category.GetParentId()] {
		path = append([]*catalogv1.Category{category}, path...)
	}
	return path
}
