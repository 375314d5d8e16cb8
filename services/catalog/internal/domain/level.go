package domain

import (
	"bytes"
	"slices"

	"github.com/google/uuid"
)

// Level is how many of a product can be bought, as inventory published it.
type Level struct {
	ProductID uuid.UUID
	// Available is 0 or more.
	Available int64
	// Version counts the changes of the product's stock; a larger one is newer.
	Version int64
}

// Newest returns the newest level of each product, by product id.
func Newest(levels []Level) []Level {
	newest := make(map[uuid.UUID]Level, len(levels))
	for _, level := range levels {
		if known, ok := newest[level.ProductID]; !ok || known.Version < level.Version {
			newest[level.ProductID] = level
		}
	}
	kept := make([]Level, 0, len(newest))
	for _, level := range newest {
		kept = append(kept, level)
	}
	slices.SortFunc(kept, func(a, b Level) int { return bytes.Compare(a.ProductID[:], b.ProductID[:]) })
	return kept
}
