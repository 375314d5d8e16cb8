package main

import (
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// boundAlternatives states that exactly one of several fields of a request is set.
// Where the path holds one, the others are no part of the operation; in a body they
// exclude each other. That parameters of a query do can't be stated in OpenAPI.
func boundAlternatives(operation object, rpc protoreflect.MethodDescriptor) {
	schema := object{}
	if body, ok := operation["requestBody"].(object); ok {
		schema = child(child(child(body, "content"), jsonType), "schema")
	}
	properties := child(schema, "properties")
	parameters, _ := operation["parameters"].([]any)
	inPath := func(name string) bool {
		return slices.ContainsFunc(parameters, func(each any) bool {
			return each.(object)["in"] == "path" && sameField(rpc, text(each.(object)["name"]), name)
		})
	}
	for _, rule := range messageRulesOf(rpc.Input()).GetOneof() {
		switch names := rule.GetFields(); {
		case slices.ContainsFunc(names, inPath):
			for _, name := range names {
				delete(properties, jsonName(rpc, name))
			}
			parameters = slices.DeleteFunc(parameters, func(each any) bool {
				parameter := each.(object)
				return parameter["in"] == "query" && slices.ContainsFunc(names, func(name string) bool {
					return sameField(rpc, text(parameter["name"]), name)
				})
			})
			operation["parameters"] = parameters
		case rule.GetRequired() && len(properties) > 0:
			schema["oneOf"] = eachAlone(rpc, names)
		}
	}
}

// moveMembers moves the members of a oneof from the properties of a message into the
// alternatives that the generator made of the oneof. Named twice, each looked as if it could
// be set beside the others, and schemathesis spent minutes on requests with all of them.
func moveMembers(schema, properties object) {
	for _, members := range alternativesOf(schema) {
		for name := range members {
			members[name] = properties[name]
			delete(properties, name)
		}
	}
}

// alternativesOf are the properties that each alternative of a oneof names.
func alternativesOf(schema object) []object {
	var named []object
	alternatives, _ := schema["oneOf"].([]any)
	for _, alternative := range alternatives {
		members, _ := alternative.(object)["properties"].(object)
		named = append(named, members)
	}
	return named
}

// eachAlone is a schema for each of the fields, which fits when that one is set.
func eachAlone(rpc protoreflect.MethodDescriptor, names []string) []any {
	var alone []any
	for _, name := range names {
		name := jsonName(rpc, name)
		alone = append(alone, object{
			"required":   []any{name},
			"properties": object{name: object{"minLength": 1}},
		})
	}
	return alone
}

func jsonName(rpc protoreflect.MethodDescriptor, name string) string {
	return rpc.Input().Fields().ByName(protoreflect.Name(name)).JSONName()
}

// sameField reports whether a parameter is the named field of the request.
func sameField(rpc protoreflect.MethodDescriptor, parameter, name string) bool {
	return parameter == name || parameter == jsonName(rpc, name)
}

// matches is how a rule of a message states the pattern of one of its fields.
var matches = regexp.MustCompile(`^this\.(\w+)\.matches\('([^']+)'\)$`)

// patternAt finds the pattern that the rules of category state for category.id.
func patternAt(message protoreflect.MessageDescriptor, path string) (string, bool) {
	name, rest, _ := strings.Cut(path, ".")
	field := message.Fields().ByName(protoreflect.Name(name))
	if field == nil {
		return "", false
	}
	for _, rule := range rulesOf(field).GetCel() {
		if match := matches.FindStringSubmatch(rule.GetExpression()); match != nil && match[1] == rest {
			return match[2], true
		}
	}
	return "", false
}
