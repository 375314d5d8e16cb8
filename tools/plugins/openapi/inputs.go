package main

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
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
				leaveToServer(schema, c.rpc(operation), name)
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
			leaveToMask(input, schemas, c.message(name), used)
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
			schema[closing(schema)] = false
		}
		if required, ok := schema["required"].([]any); ok {
			required = slices.DeleteFunc(required, func(name any) bool { return properties[name.(string)] == nil })
			schema["required"] = required
			for _, name := range required {
				notEmpty(properties[name.(string)].(object))
			}
		}
	}
	eachRef(schema, func(of object, name string) {
		used[name] = true
		of["$ref"] = schemaRef + name + inputSuffix
	})
}

// closing is the keyword by which a schema refuses what it does not name:
// additionalProperties does not see what only the alternatives of a oneof name.
func closing(schema object) string {
	properties := child(schema, "properties")
	for _, members := range alternativesOf(schema) {
		for name := range members {
			if _, named := properties[name]; !named {
				return "unevaluatedProperties"
			}
		}
	}
	return "additionalProperties"
}

// notEmpty completes the schema of a required property: an empty text or list is the
// same as none to Protocol Buffers.
func notEmpty(property object) {
	least, ok := map[string]string{"string": "minLength", "array": "minItems"}[text(property["type"])]
	if _, bounded := property[least]; ok && !bounded {
		property[least] = 1
	}
}

// setByServer is how a rule states that a new resource comes without a field.
var setByServer = regexp.MustCompile(`\bthis\.(\w+) == ''`)

// leaveToServer removes from a body, which is the named message in a field of the
// request, what the rules of that field leave to the server.
func leaveToServer(schema object, rpc protoreflect.MethodDescriptor, message string) {
	for i := range rpc.Input().Fields().Len() {
		field := rpc.Input().Fields().Get(i)
		if field.Message() == nil || string(field.Message().FullName()) != message {
			continue
		}
		for _, rule := range rulesOf(field).GetCel() {
			for _, match := range setByServer.FindAllStringSubmatch(rule.GetExpression(), -1) {
				if of := field.Message().Fields().ByName(protoreflect.Name(match[1])); of != nil {
					delete(child(schema, "properties"), of.JSONName())
				}
			}
		}
	}
}

// maskPaths is how ProtoJSON writes a FieldMask in a body: paths, separated by commas, of names without
// underscores. Others can't be read (https://protobuf.dev/programming-guides/json/).
const maskPaths = `^([A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*(,[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*)*)?$`

// leaveToMask completes the schema of a message that is the row of a batch and changes what its
// mask names: of the resource in it nothing but the id has to be there.
func leaveToMask(schema, schemas object, message protoreflect.MessageDescriptor, used map[string]bool) {
	if message == nil || message.Fields().ByName("update_mask") == nil {
		return
	}
	child(child(schema, "properties"), message.Fields().ByName("update_mask").JSONName())["pattern"] = maskPaths
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		pattern, named := patternAt(message, string(field.Name())+".id")
		if !named {
			continue
		}
		resource := clone(child(schemas, string(field.Message().FullName())))
		id := child(child(resource, "properties"), "id")
		delete(id, "maxLength")
		id["pattern"] = pattern
		resource["required"] = []any{"id"}
		asInput(resource, used)
		property := child(child(schema, "properties"), field.JSONName())
		if description, ok := property["description"]; ok {
			resource["description"] = description
		}
		child(schema, "properties")[field.JSONName()] = resource
	}
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
