package main

import (
	"maps"
	"slices"
	"strings"
)

// check returns a line for each import that a rule bans, ordered by package.
func check(packages tree, table []rule) []string {
	var breaches []string
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		for _, r := range table {
			context, applies := matchAny(r.From, name)
			if _, beside := matchAny(r.Beside, name); !applies || beside {
				continue
			}
			breaches = append(breaches, breachesOf(packages, name, context, r)...)
		}
	}
	return breaches
}

// breachesOf walks the imports of the package name, and with a deep rule those of
// the packages of ours that it reaches. Only the package's own tests count: what
// the tests of a dependency import does not reach the package.
func breachesOf(packages tree, name, context string, r rule) []string {
	var breaches []string
	type step struct{ name, via string }
	seen := map[string]bool{name: true}
	for queue := []step{{name: name}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, clause := range packages[at.name] {
			if clause.Test && (r.TestsMay || at.name != name) {
				continue
			}
			if r.bans(clause, context) {
				breaches = append(breaches, clause.Position+": "+name+at.via+" imports "+clause.Path+": "+r.Why)
				continue
			}
			if r.Deep && clause.Ours && !clause.Test && !seen[clause.Path] {
				seen[clause.Path] = true
				queue = append(queue, step{clause.Path, at.via + " through " + clause.Path})
			}
		}
	}
	return breaches
}

func (r rule) bans(clause importClause, context string) bool {
	for _, pattern := range r.Except {
		if _, ok := match(strings.ReplaceAll(pattern, "{1}", context), clause.Path); ok {
			return false
		}
	}
	for _, pattern := range r.Banned {
		// "**" alone means everything of ours; others' packages are named.
		if pattern == "**" && !clause.Ours {
			continue
		}
		if _, ok := match(pattern, clause.Path); ok {
			return true
		}
	}
	return false
}

func matchAny(patterns []string, name string) (string, bool) {
	for _, pattern := range patterns {
		if first, ok := match(pattern, name); ok {
			return first, true
		}
	}
	return "", false
}

// match reports whether the path name fits the pattern, and what its first * stood for.
func match(pattern, name string) (first string, ok bool) {
	return matchSegments(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

func matchSegments(pattern, name []string) (first string, ok bool) {
	if len(pattern) == 0 {
		return "", len(name) == 0
	}
	if pattern[0] == "**" {
		for skip := range len(name) + 1 {
			if first, ok := matchSegments(pattern[1:], name[skip:]); ok {
				return first, true
			}
		}
		return "", false
	}
	if len(name) == 0 || (pattern[0] != "*" && pattern[0] != name[0]) {
		return "", false
	}
	first, ok = matchSegments(pattern[1:], name[1:])
	if pattern[0] == "*" {
		first = name[0]
	}
	return first, ok
}
