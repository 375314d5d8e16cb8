package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var template = regexp.MustCompile(`\{[^}]*\}`)

// unifyPaths makes one path of those that differ only in the names of their
// parameters, as {id} and {category.id}: OpenAPI calls them identical and invalid.
// A parameter gets the name that it has in the first of them without a dot.
func unifyPaths(doc object) error {
	paths := child(doc, "paths")
	names := map[string]string{} // of each template without names
	for _, path := range sortedKeys(paths) {
		shape := template.ReplaceAllString(path, "{}")
		if known, ok := names[shape]; !ok || strings.Contains(known, ".") {
			names[shape] = path
		}
	}
	unified := object{}
	for _, path := range sortedKeys(paths) {
		target := undotted(names[template.ReplaceAllString(path, "{}")])
		for method, operation := range child(paths, path) {
			if _, taken := child(unified, target)[method]; taken {
				return fmt.Errorf("two operations are %s %s", method, target)
			}
			renameParameters(operation.(object), path, target)
			child(unified, target)[method] = operation
		}
	}
	doc["paths"] = unified
	return nil
}

// undotted names each parameter of a path by its last part: {category.id} is {id}.
func undotted(path string) string {
	return template.ReplaceAllStringFunc(path, func(parameter string) string {
		name := strings.Trim(parameter, "{}")
		return "{" + name[strings.LastIndex(name, ".")+1:] + "}"
	})
}

// renameParameters gives an operation's path parameters the names of the new path.
func renameParameters(operation object, from, to string) {
	before, after := template.FindAllString(from, -1), template.FindAllString(to, -1)
	parameters, _ := operation["parameters"].([]any)
	for _, each := range parameters {
		parameter := each.(object)
		if parameter["in"] != "path" {
			continue
		}
		if at := slices.Index(before, fmt.Sprintf("{%s}", parameter["name"])); at >= 0 {
			parameter["name"] = strings.Trim(after[at], "{}")
		}
	}
}

func sortedKeys(of object) []string { return slices.Sorted(maps.Keys(of)) }
