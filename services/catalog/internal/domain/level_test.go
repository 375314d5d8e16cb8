package domain

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestOnlyTheNewestLevelOfEachProductIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Level {
			version := rapid.Int64Range(1, 5).Draw(t, "version")
			return Level{
				ProductID: uuid.UUID{15: rapid.ByteRange(1, 4).Draw(t, "product")},
				Available: version * 10, Version: version,
			}
		})).Draw(t, "levels")
		newest := Newest(levels)
		seen := map[uuid.UUID]Level{}
		for i, level := range newest {
			if i > 0 && bytes.Compare(newest[i-1].ProductID[:], level.ProductID[:]) >= 0 {
				t.Fatalf("not each product once and by id: %v", newest)
			}
			seen[level.ProductID] = level
		}
		for _, level := range levels {
			if kept, ok := seen[level.ProductID]; !ok || kept.Version < level.Version {
				t.Fatalf("level %v is newer than %v", level, kept)
			}
		}
	})
}
