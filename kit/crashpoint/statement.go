package crashpoint

import (
	"regexp"
	"strings"
)

var (
	locking = regexp.MustCompile(`(?i)\bfor\s+(no\s+key\s+)?update\b|\bdo\s+update\b`)
	writing = regexp.MustCompile(`(?i)\b(insert\s+into|delete\s+from|update)\s+(\w+)`)
)

// Statement is what an SQL statement that writes is called at the boundary of its
// commit: the name that sqlc writes above it, or else what it does to which table,
// as in "insert charges". It is empty for a statement that only reads.
func Statement(sql string) string {
	found := writing.FindStringSubmatch(locking.ReplaceAllString(sql, ""))
	if found == nil {
		return ""
	}
	if rest, named := strings.CutPrefix(sql, "-- name: "); named {
		name, _, _ := strings.Cut(rest, " ")
		return name
	}
	verb := strings.Fields(found[1])[0]
	return strings.ToLower(verb) + " " + found[2]
}
