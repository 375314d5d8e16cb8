package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

const (
	schemaRef   = "#/components/schemas/"
	inputSuffix = "Input"
)

// splitInputs gives requests schemas of their own: what a request must hold, and
// that it holds nothing unknown, is not what an answer promises, which leaves out
// what is empty. Read-only fields are in answers alone.
func splitInputs(doc object, c *contracts) {
	schemas := child(child(doc, "components"), "schemas")
	used := map[string]bool{}
	for _, path := range child(doc, "paths") {
		for method, each := range path.(object) {
			operation := each.(object)
			body, ok := operation["requestBody"].(object)
			if !ok {
				continue
			}
			content := child(child(body, "content"), jsonType)
			schema := child(content, "schema")
			if name, ok := strings.CutPrefix(text(schema["$ref"]), schemaRef); ok {
				// A field of the request: the resource itself.
				schema = clone(child(schemas, name))
				if method == "patch" {
					// Only what the mask names has to be there.
					delete(schema, "required")
				}
			}
			asInput(schema, used)
			content["schema"] = schema
		}
	}
	for added := true; added; {
		added = false
		for _, name := range slices.Sorted(maps.Keys(used)) {
			if _, made := schemas[name+inputSuffix]; made {
				continue
			}
			input := clone(child(schemas, name))
			asInput(input, used)
			schemas[name+inputSuffix] = input
			added = true
		}
	}
	for name, schema := range schemas {
		if !strings.HasSuffix(name, inputSuffix) {
			delete(schema.(object), "required")
		}
	}
}

// asInput turns a schema into one of a request, and notes what it refers to.
func asInput(schema object, used map[string]bool) {
	if properties, ok := schema["properties"].(object); ok {
		for name, property := range properties {
			if property.(object)["readOnly"] == true {
				delete(properties, name)
			}
		}
		if _, free := schema["additionalProperties"]; !free {
			schema["additionalProperties"] = false
		}
		if required, ok := schema["required"].([]any); ok {
			schema["required"] = slices.DeleteFunc(required, func(name any) bool { return properties[name.(string)] == nil })
		}
	}
	eachRef(schema, func(of object, name string) {
		used[name] = true
		of["$ref"] = schemaRef + name + inputSuffix
	})
}

// dropUnused removes the schemas that no operation refers to.
func dropUnused(doc object) {
	schemas := child(child(doc, "components"), "schemas")
	reached := map[string]bool{}
	var reach func(of any)
	reach = func(of any) {
		eachRef(of, func(_ object, name string) {
			if !reached[name] {
				reached[name] = true
				reach(schemas[name])
			}
		})
	}
	reach(doc["paths"])
	maps.DeleteFunc(schemas, func(name string, _ any) bool { return !reached[name] })
}

// eachRef calls do with every object that refers to a schema, and its name.
func eachRef(of any, do func(of object, name string)) {
	switch of := of.(type) {
	case object:
		if name, ok := strings.CutPrefix(text(of["$ref"]), schemaRef); ok {
			do(of, name)
		}
		for _, value := range of {
			eachRef(value, do)
		}
	case []any:
		for _, value := range of {
			eachRef(value, do)
		}
	}
}

func text(value any) string {
	found, _ := value.(string)
	return found
}

// clone copies a schema whole.
func clone(schema object) object {
	raw, err := json.Marshal(schema)
	if err != nil {
		panic(err) // it came from JSON
	}
	var copied object
	if err := json.Unmarshal(raw, &copied); err != nil {
		panic(err)
	}
	return copied
}
