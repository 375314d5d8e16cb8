package domain

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

var (
	morning = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	noon    = morning.Add(4 * time.Hour)
)

func TestANewCategoryKeepsTheBoundsOfItsTexts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fields CategoryFields
		field  string
	}{
		"name of one character":       {CategoryFields{Name: "T"}, ""},
		"name of 200 runes":           {CategoryFields{Name: strings.Repeat("ü", 200)}, ""},
		"name of 201 runes":           {CategoryFields{Name: strings.Repeat("ü", 201)}, "category.name"},
		"no name":                     {CategoryFields{}, "category.name"},
		"blank name":                  {CategoryFields{Name: " \t"}, "category.name"},
		"description of 4000":         {CategoryFields{Name: "Tea", Description: strings.Repeat("é", 4000)}, ""},
		"description of 4001":         {CategoryFields{Name: "Tea", Description: strings.Repeat("é", 4001)}, "category.description"},
		"parent that leads nowhere":   {CategoryFields{Name: "Tea", ParentID: uuid.New()}, "category.parent_id"},
		"four-byte characters in it":  {CategoryFields{Name: "🫖"}, ""},
		"a name with blanks around":   {CategoryFields{Name: " Tea "}, ""},
		"a name with a quote and a %": {CategoryFields{Name: `50 % "off"`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewCategory(row.fields, nil, uuid.New(), morning)
			wantViolation(t, err, row.field)
		})
	}
}

func TestATreeIsNeverDeeperThanEight(t *testing.T) {
	t.Parallel()
	place := Place{}
	for level := 1; level <= MaxDepth; level++ {
		fields := CategoryFields{Name: "level"}
		if len(place) > 0 {
			fields.ParentID = place[0]
		}
		category, err := NewCategory(fields, place, uuid.New(), morning)
		if err != nil {
			t.Fatalf("level %d: %v", level, err)
		}
		place = append(Place{category.state.ID}, place...)
	}
	_, err := NewCategory(CategoryFields{Name: "too deep", ParentID: place[0]}, place, uuid.New(), morning)
	wantReason(t, err, ReasonCategoryCycle)
}

func TestACategoryMovesOnlyOutsideOfItself(t *testing.T) {
	t.Parallel()
	category := Category{CategorySnapshot{ID: uuid.New(), Name: "Tea", Version: 3, CreateTime: morning, UpdateTime: morning}}
	child, grandchild, other, top := uuid.New(), uuid.New(), uuid.New(), uuid.Nil
	for name, row := range map[string]struct {
		parent uuid.UUID
		place  Place
		height int
		reason fault.Reason
	}{
		"below itself":                {category.state.ID, Place{category.state.ID}, 1, ReasonCategoryCycle},
		"below its child":             {child, Place{child, category.state.ID}, 2, ReasonCategoryCycle},
		"below its grandchild":        {grandchild, Place{grandchild, child, category.state.ID}, 3, ReasonCategoryCycle},
		"below another":               {other, Place{other}, 3, ""},
		"so deep that it just fits":   {other, Place{other, uuid.New(), uuid.New(), uuid.New(), uuid.New()}, 3, ""},
		"deeper than the tree may":    {other, Place{other, uuid.New(), uuid.New(), uuid.New(), uuid.New()}, 4, ReasonCategoryCycle},
		"below one that is not there": {other, nil, 1, ReasonCategoryNotFound},
		"to the top where it is":      {top, nil, 8, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := category.Change(CategoryChange{ParentID: &row.parent}, row.place, row.height, noon)
			wantReason(t, err, row.reason)
		})
	}
}

func TestAChangeThatChangesNothingKeepsTheCategorysVersion(t *testing.T) {
	t.Parallel()
	category := Category{CategorySnapshot{ID: uuid.New(), Name: "Tea", Version: 3, CreateTime: morning, UpdateTime: morning}}
	name := "Tea"
	same, changed, err := category.Change(CategoryChange{Name: &name}, nil, 0, noon)
	if err != nil || changed || same != category {
		t.Fatalf("got %+v, %t, %v", same, changed, err)
	}
	name = "Coffee"
	next, changed, err := category.Change(CategoryChange{Name: &name}, nil, 0, noon)
	if err != nil || !changed || next.state.Version != 4 || next.state.Name != "Coffee" || !next.state.UpdateTime.Equal(noon) {
		t.Fatalf("got %+v, %t, %v", next, changed, err)
	}
	if next.state.Etag() == category.state.Etag() {
		t.Fatal("two versions share an etag")
	}
}

func TestAnEtagIsCheckedOnlyWhenItIsGiven(t *testing.T) {
	t.Parallel()
	category := Category{CategorySnapshot{ID: uuid.New(), Version: 1}}
	if err := category.CheckEtag(""); err != nil {
		t.Fatal(err)
	}
	if err := category.CheckEtag(category.state.Etag()); err != nil {
		t.Fatal(err)
	}
	wantReason(t, category.CheckEtag("stale"), fault.ReasonEtagMismatch)
}

// Whatever moves are requested, in whatever order, what the domain accepts is a
// tree: every node reaches the top, within MaxDepth levels.
func TestNoSeriesOfMovesMakesACycleOrADeepTree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		categories := map[uuid.UUID]Category{}
		var ids []uuid.UUID
		place := func(id uuid.UUID) (p Place) {
			for id != uuid.Nil {
				p = append(p, id)
				id = categories[id].state.ParentID
			}
			return p
		}
		var height func(id uuid.UUID) int
		height = func(id uuid.UUID) int {
			below := 0
			for _, c := range categories {
				if c.state.ParentID == id {
					below = max(below, height(c.state.ID))
				}
			}
			return below + 1
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			parent := uuid.Nil
			if len(ids) > 0 && rapid.Bool().Draw(t, "below another") {
				parent = rapid.SampledFrom(ids).Draw(t, "parent")
			}
			if len(ids) < 12 && rapid.Bool().Draw(t, "create") {
				id := uuid.UUID{15: byte(len(ids) + 1)}
				c, err := NewCategory(CategoryFields{Name: "n", ParentID: parent}, place(parent), id, morning)
				if err == nil {
					categories[id], ids = c, append(ids, id)
				}
			} else if len(ids) > 0 {
				id := rapid.SampledFrom(ids).Draw(t, "moved")
				c, _, err := categories[id].Change(CategoryChange{ParentID: &parent}, place(parent), height(id), noon)
				if err == nil {
					categories[id] = c
				}
			}
			for _, id := range ids {
				depth := 0
				for at := id; at != uuid.Nil; at = categories[at].state.ParentID {
					if depth++; depth > MaxDepth {
						t.Fatalf("category %s does not reach the top within %d levels", id, MaxDepth)
					}
				}
			}
		}
	})
}

func wantReason(t *testing.T, err error, reason fault.Reason) {
	t.Helper()
	if err != nil && reason == "" {
		t.Fatalf("unexpected: %v", err)
	}
	if got := fault.ReasonOf(err); got != reason {
		t.Fatalf("reason %q, want %q (%v)", got, reason, err)
	}
}

// wantViolation expects a violation of the field, or no error when it is empty.
func wantViolation(t *testing.T, err error, field string) {
	t.Helper()
	if field == "" {
		if err != nil {
			t.Fatalf("unexpected: %v", err)
		}
		return
	}
	broken, ok := fault.Of(err)
	if !ok {
		t.Fatalf("no fault: %v", err)
	}
	for _, violation := range broken.Violations() {
		if violation.Field == field {
			return
		}
	}
	t.Fatalf("no violation of %s in %+v", field, broken.Violations())
}
