package main

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	jsonType   = "application/json"
	streamType = "application/x-ndjson"
	statusRef  = "#/components/schemas/google.rpc.Status"
)

// anyCall are the reasons that every operation can answer; they are not repeated
// in the contracts' comments.
var anyCall = []string{
	"INVALID_FIELD", "MALFORMED_REQUEST", "REQUEST_TOO_LARGE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "PERMISSION_DENIED", "STEP_UP_REQUIRED",
	"TOO_MANY_CALLS", "RATE_LIMITED", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL",
}

// anyStream are those that a stream can answer as well.
var anyStream = []string{"DRAINING", "TOO_MANY_STREAMS"}

// httpStatus is how grpc-gateway answers a code.
var httpStatus = map[code.Code]int{
	code.Code_INVALID_ARGUMENT: 400, code.Code_FAILED_PRECONDITION: 400, code.Code_OUT_OF_RANGE: 400,
	code.Code_UNAUTHENTICATED: 401, code.Code_PERMISSION_DENIED: 403, code.Code_NOT_FOUND: 404,
	code.Code_ALREADY_EXISTS: 409, code.Code_ABORTED: 409, code.Code_RESOURCE_EXHAUSTED: 429,
	code.Code_CANCELLED: 499, code.Code_INTERNAL: 500, code.Code_UNIMPLEMENTED: 501,
	code.Code_UNAVAILABLE: 503, code.Code_DEADLINE_EXCEEDED: 504,
}

// bindingNumber ends the id of an RPC's further HTTP bindings: GetProduct_1.
var bindingNumber = regexp.MustCompile(`_[0-9]+$`)

// completeOperation completes one operation, or removes it when it is internal.
func completeOperation(paths object, path, method string, operation object, c *contracts) error {
	rpc := c.rpc(operation)
	if rpc == nil {
		return fmt.Errorf("no RPC is called %q", operation["operationId"])
	}
	if internal(rpc) {
		delete(child(paths, path), method)
		if len(child(paths, path)) == 0 {
			delete(paths, path)
		}
		return nil
	}
	describe(operation)
	if err := boundParameters(operation, rpc); err != nil {
		return err
	}
	boundBody(operation, rpc)
	boundAlternatives(operation, rpc)
	if rpc.IsStreamingServer() {
		answerWithLines(operation)
	}
	return addErrors(operation, rpc, c)
}

// describe makes a short summary of the comment's first sentence, and keeps the
// rest as the description.
func describe(operation object) {
	text, _ := operation["summary"].(string)
	text = strings.Join(strings.Fields(text), " ")
	operation["description"] = text
	if end := strings.Index(text, ". "); end > 0 {
		text = text[:end]
	}
	operation["summary"] = strings.TrimSuffix(text, ".")
}

func boundParameters(operation object, rpc protoreflect.MethodDescriptor) error {
	parameters, _ := operation["parameters"].([]any)
	for _, each := range parameters {
		parameter := each.(object)
		name, _ := parameter["name"].(string)
		field := fieldAt(rpc.Input(), name)
		if field == nil {
			return fmt.Errorf("parameter %q is no field of %s", name, rpc.Input().FullName())
		}
		boundField(child(parameter, "schema"), field)
		if pattern, ok := patternAt(rpc.Input(), name); ok {
			child(parameter, "schema")["pattern"] = pattern
		}
		if isRequired(field) {
			parameter["required"] = true
		}
	}
	return nil
}

// fieldAt finds the field that a path such as "category.id" or "pageSize" names.
func fieldAt(message protoreflect.MessageDescriptor, path string) protoreflect.FieldDescriptor {
	name, rest, nested := strings.Cut(path, ".")
	field := message.Fields().ByJSONName(name)
	if field == nil {
		field = message.Fields().ByName(protoreflect.Name(name))
	}
	if field == nil || !nested {
		return field
	}
	if field.Message() == nil {
		return nil
	}
	return fieldAt(field.Message(), rest)
}

// boundBody completes a body that is the request's own message; one that is a
// field of it refers to the schema of a message.
func boundBody(operation object, rpc protoreflect.MethodDescriptor) {
	body, ok := operation["requestBody"].(object)
	if !ok {
		return
	}
	schema := child(child(child(body, "content"), jsonType), "schema")
	boundMessage(schema, rpc.Input())
	// What the path holds is no part of the body.
	if required, ok := schema["required"].([]any); ok {
		properties := child(schema, "properties")
		required = slices.DeleteFunc(required, func(name any) bool { return properties[name.(string)] == nil })
		schema["required"] = required
		if len(required) == 0 {
			delete(schema, "required")
		}
	}
}

// answerWithLines states that a stream answers with a JSON object a line.
func answerWithLines(operation object) {
	content := child(child(child(operation, "responses"), "200"), "content")
	content[streamType] = content[jsonType]
	delete(content, jsonType)
}

// restStatus is the status of a reason over REST, which has some of its own (kit/rpc).
func restStatus(reason string, of code.Code) int {
	switch {
	case reason == "REQUEST_TOO_LARGE":
		return http.StatusRequestEntityTooLarge
	case reason == "MALFORMED_REQUEST" && of == code.Code_UNIMPLEMENTED: // an unknown Content-Encoding
		return http.StatusUnsupportedMediaType
	default:
		return httpStatus[of]
	}
}

// addErrors lists an operation's errors by their HTTP status, with their reasons.
func addErrors(operation object, rpc protoreflect.MethodDescriptor, c *contracts) error {
	reasons := slices.Concat(reasonsOf(rpc), anyCall)
	if rpc.IsStreamingServer() {
		reasons = append(reasons, anyStream...)
	}
	byStatus := map[int][]string{}
	for _, reason := range reasons {
		codes, ok := c.codes[reason]
		if !ok {
			return fmt.Errorf("the comment of %s names %q, which is no reason", rpc.FullName(), reason)
		}
		for _, each := range codes {
			status := restStatus(reason, each)
			if _, takesBody := operation["requestBody"]; status == http.StatusUnsupportedMediaType && !takesBody {
				continue
			}
			if !slices.Contains(byStatus[status], reason) {
				byStatus[status] = append(byStatus[status], reason)
			}
		}
	}
	responses := child(operation, "responses")
	for _, status := range slices.Sorted(maps.Keys(byStatus)) {
		responses[strconv.Itoa(status)] = object{
			"description": "Reasons: " + strings.Join(byStatus[status], ", ") + ".",
			"x-reasons":   byStatus[status],
			"content":     object{jsonType: object{"schema": object{"$ref": statusRef}}},
		}
	}
	return nil
}
