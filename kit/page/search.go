package page

import (
	"fmt"
	"slices"
	"strings"
)

// few is how many rows a search is narrow with: they are all read and sorted. What finds
// more is left to the planner, which then walks the list in its order and soon has a page.
// It can't tell these two apart itself: of what begins like a text it knows a hundredth of
// the table at best, and a walk that finds nothing reads a million rows.
const few = 5000

// Limits of what is asked of the indexes to find out how narrow a search is, and of how
// names are put together.
const (
	maxSized = 4
	maxParts = 8
)

// Search finds the rows that fit words which somebody searches for. There is at least one
// word, none is blank, and each is as it was typed, without blanks around it; in double
// quotes a word may hold blanks.
type Search struct {
	condition func(words []string, param func(any) string) string
	// rows writes an expression of how many rows are found at most. It counts what each part
	// of the condition finds no further than few + 1, and is nil where no index tells it.
	rows func(words []string, param func(any) string) string
}

// nothing is the condition that no row fits.
const nothing = "false"

// Match tells whether a row fits a text.
type Match struct {
	condition func(text string, param func(any) string) string
	// table and column are where an index serves the condition, in the order of column.
	table, column string
}

// Where matches rows by a condition, which is "false" when no row can fit the text. param
// makes a parameter of a value.
func Where(condition func(text string, param func(any) string) string) Match {
	return Match{condition: condition}
}

// Indexed matches rows by a condition that an index serves, in the order of column. table is
// as it stands in the list's statement: "orders o".
func Indexed(table, column string, condition func(text string, param func(any) string) string) Match {
	return Match{condition, table, column}
}

// rows counts what fits a condition that the index of m serves.
func (m Match) rows(condition string) string {
	if condition == nothing {
		return "0"
	}
	// The order keeps the planner from scanning the table until the limit is reached.
	return fmt.Sprintf("(select count(*) from (select from %s where %s order by %s limit %d) counted)", m.table, condition, m.column, few+1)
}

// Prefix matches rows whose column begins with the text. form brings the text to the form
// that the column holds, which has the collation "C" and an index.
func Prefix(table, column string, form func(string) string) Match {
	return Indexed(table, column, func(text string, param func(any) string) string {
		text = form(text)
		// The last code point is no character, and sorts behind all of them.
		return "(" + column + " >= " + param(text) + "::text and " + column + " < " + param(text+"\U0010FFFF") + "::text)"
	})
}

// EachWord finds rows of which each word matches something.
func EachWord(matches ...Match) *Search {
	s := &Search{condition: func(words []string, param func(any) string) string {
		return join(len(words), " and ", func(w int) string {
			return join(len(matches), " or ", func(m int) string { return matches[m].condition(words[w], param) })
		})
	}}
	if !slices.ContainsFunc(matches, func(m Match) bool { return m.column == "" }) {
		s.rows = func(words []string, param func(any) string) string {
			return "least" + join(min(len(words), maxSized), ", ", func(w int) string {
				return join(len(matches), " + ", func(m int) string { return matches[m].rows(matches[m].condition(words[w], param)) })
			})
		}
	}
	return s
}

// AllWords finds rows that match several words as one text, such as a last name of two. The
// match has an index.
func AllWords(match Match) *Search {
	condition := func(words []string, param func(any) string) string {
		if len(words) < 2 {
			return nothing
		}
		return match.condition(strings.Join(words, " "), param)
	}
	return &Search{condition: condition, rows: func(words []string, param func(any) string) string {
		return match.rows(condition(words, param))
	}}
}

// TwoParts finds rows where the words before some place match one, and those after it the
// other: a first and a last name, in either order, each of one word or more. The index of
// the first match holds the other's column, too.
func TwoParts(indexed, other Match) *Search {
	// pairs writes each way to part the words.
	pairs := func(words []string, param func(any) string) []string {
		if len(words) < 2 || len(words) > maxParts {
			return []string{nothing}
		}
		var conditions []string
		for n := 1; n < len(words); n++ {
			head, tail := strings.Join(words[:n], " "), strings.Join(words[n:], " ")
			conditions = append(conditions,
				"("+indexed.condition(head, param)+" and "+other.condition(tail, param)+")",
				"("+indexed.condition(tail, param)+" and "+other.condition(head, param)+")")
		}
		return conditions
	}
	return &Search{
		condition: func(words []string, param func(any) string) string {
			conditions := pairs(words, param)
			return join(len(conditions), " or ", func(n int) string { return conditions[n] })
		},
		rows: func(words []string, param func(any) string) string {
			conditions := pairs(words, param)
			return join(len(conditions), " + ", func(n int) string { return indexed.rows(conditions[n]) })
		},
	}
}

// AnyOf finds what one of several searches finds.
func AnyOf(searches ...*Search) *Search {
	s := &Search{condition: func(words []string, param func(any) string) string {
		return join(len(searches), " or ", func(n int) string { return searches[n].condition(words, param) })
	}}
	if !slices.ContainsFunc(searches, func(s *Search) bool { return s.rows == nil }) {
		s.rows = func(words []string, param func(any) string) string {
			return join(len(searches), " + ", func(n int) string { return searches[n].rows(words, param) })
		}
	}
	return s
}

// join writes n texts in parentheses.
func join(n int, glue string, write func(int) string) string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = write(i)
	}
	return "(" + strings.Join(texts, glue) + ")"
}
