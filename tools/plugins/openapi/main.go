// Command openapi completes the OpenAPI document that protoc-gen-openapiv3 made
// with what the contracts state beyond its reach: bounds, required and read-only
// fields, formats, one path for each template, the errors of each operation with
// their reasons, and streams. RPCs that only services and operators call are left
// out.
//
// Usage: openapi DESCRIPTORS < merged.json > complete.json. DESCRIPTORS is a
// FileDescriptorSet with source info, as `buf build` writes it.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: openapi DESCRIPTORS < merged.json > complete.json")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run(descriptors string, in io.Reader, out io.Writer) error {
	raw, err := os.ReadFile(descriptors)
	if err != nil {
		return err
	}
	contracts, err := load(raw)
	if err != nil {
		return fmt.Errorf("read %s: %w", descriptors, err)
	}
	var doc object
	if err := json.NewDecoder(in).Decode(&doc); err != nil {
		return fmt.Errorf("read the merged document: %w", err)
	}
	if err := complete(doc, contracts); err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(doc)
}

// object is a JSON object of the document.
type object = map[string]any

// complete changes the document in place.
func complete(doc object, c *contracts) error {
	paths := child(doc, "paths")
	schemas := child(child(doc, "components"), "schemas")
	addBounds(schemas, c)
	for _, path := range sortedKeys(paths) {
		for method, operation := range child(paths, path) {
			if err := completeOperation(paths, path, method, operation.(object), c); err != nil {
				return fmt.Errorf("%s %s: %w", method, path, err)
			}
		}
	}
	if err := unifyPaths(doc); err != nil {
		return err
	}
	splitInputs(doc, c)
	dropUnused(doc)
	return nil
}

// child returns the object under a key, and makes it when it is missing.
func child(parent object, key string) object {
	if found, ok := parent[key].(object); ok {
		return found
	}
	made := object{}
	parent[key] = made
	return made
}
