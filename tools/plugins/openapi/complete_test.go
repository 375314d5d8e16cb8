package main

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	_ "google.golang.org/protobuf/types/known/durationpb" // a type of the contract below
)

// library is the contract of the tests: books are created, changed, and looked up by
// their id or by their code.
const library = `
name: "library.proto" package: "library" syntax: "proto3" dependency: "google/protobuf/duration.proto"
message_type {
  name: "Book"
  field { name: "id" number: 1 type: TYPE_STRING json_name: "id" }
  field { name: "etag" number: 2 type: TYPE_STRING json_name: "etag" }
  field { name: "title" number: 3 type: TYPE_STRING json_name: "title" options { [google.api.field_behavior]: REQUIRED } }
  field { name: "authors" number: 4 type: TYPE_STRING label: LABEL_REPEATED json_name: "authors" options { [google.api.field_behavior]: REQUIRED } }
  field {
    name: "shelf_code" number: 5 type: TYPE_STRING json_name: "shelfCode"
    options { [google.api.field_behavior]: REQUIRED [buf.validate.field] { string { min_len: 3 } } }
  }
  field {
    name: "pages" number: 6 type: TYPE_INT32 json_name: "pages" oneof_index: 0
    options { [buf.validate.field] { int32 { gte: 1 } } }
  }
  field {
    name: "file_name" number: 7 type: TYPE_STRING json_name: "fileName" oneof_index: 0
    options { [buf.validate.field] { string { max_bytes: 40 example: "book.epub" } } }
  }
  oneof_decl { name: "medium" }
}
message_type {
  name: "CreateBookRequest"
  field {
    name: "book" number: 1 type: TYPE_MESSAGE type_name: ".library.Book" json_name: "book"
    options { [buf.validate.field] { cel { expression: "this.id == '' && this.etag == ''" } } }
  }
}
message_type {
  name: "UpdateBookRequest"
  field {
    name: "book" number: 1 type: TYPE_MESSAGE type_name: ".library.Book" json_name: "book"
    options { [buf.validate.field] { cel { expression: "this.id.matches('^[0-9]{4}$')" } } }
  }
  field { name: "update_mask" number: 2 type: TYPE_STRING json_name: "updateMask" }
}
message_type {
  name: "UpdateBooksRequest"
  field { name: "requests" number: 1 type: TYPE_MESSAGE type_name: ".library.UpdateBookRequest" label: LABEL_REPEATED json_name: "requests" }
}
message_type {
  name: "FindBookRequest"
  field { name: "id" number: 1 type: TYPE_STRING json_name: "id" }
  field { name: "book_code" number: 2 type: TYPE_STRING json_name: "bookCode" }
  field { name: "branch" number: 3 type: TYPE_STRING json_name: "branch" }
  options { [buf.validate.message] { oneof { fields: "id" fields: "book_code" required: true } } }
}
message_type {
  name: "AdjustBookRequest"
  field {
    name: "delta" number: 1 type: TYPE_INT64 json_name: "delta"
    options { [buf.validate.field] { int64 { gte: -9 lte: 9 not_in: 0 } } }
  }
  field { name: "lent_for" number: 2 type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" json_name: "lentFor" }
}
service {
  name: "BookService"
  method { name: "CreateBook" input_type: ".library.CreateBookRequest" output_type: ".library.Book" }
  method { name: "UpdateBook" input_type: ".library.UpdateBookRequest" output_type: ".library.Book" }
  method { name: "UpdateBooks" input_type: ".library.UpdateBooksRequest" output_type: ".library.Book" }
  method { name: "FindBook" input_type: ".library.FindBookRequest" output_type: ".library.Book" }
  method { name: "AdjustBook" input_type: ".library.AdjustBookRequest" output_type: ".library.Book" }
}`

// merged is the document of library as the generators leave it.
const merged = `{
  "paths": {
    "/v1/books": {"post": {"operationId": "BookService_CreateBook",
      "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/library.Book"}}}},
      "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/library.Book"}}}}}}},
    "/v1/books/{book.id}": {"patch": {"operationId": "BookService_UpdateBook",
      "parameters": [{"name": "book.id", "in": "path", "schema": {"type": "string"}}],
      "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/library.Book"}}}}}},
    "/v1/books:update": {"post": {"operationId": "BookService_UpdateBooks",
      "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
        "requests": {"type": "array", "items": {"$ref": "#/components/schemas/library.UpdateBookRequest"}}}}}}}}},
    "/v1/books:find": {"post": {"operationId": "BookService_FindBook",
      "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
        "id": {"type": "string"}, "bookCode": {"type": "string"}, "branch": {"type": "string"}}}}}}}},
    "/v1/books/{id}:find": {"post": {"operationId": "BookService_FindBook_1",
      "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
      "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
        "bookCode": {"type": "string"}, "branch": {"type": "string"}}}}}}}},
    "/v1/books/{id}": {"get": {"operationId": "BookService_FindBook_2",
      "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}},
        {"name": "bookCode", "in": "query", "schema": {"type": "string"}},
        {"name": "branch", "in": "query", "schema": {"type": "string"}}]}},
    "/v1/books:adjust": {"post": {"operationId": "BookService_AdjustBook",
      "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
        "delta": {"type": "string"}, "lentFor": {"type": "string"}}}}}}}}
  },
  "components": {"schemas": {
    "library.UpdateBookRequest": {"type": "object", "properties": {
      "book": {"$ref": "#/components/schemas/library.Book", "description": "The book."}, "updateMask": {"type": "string"}}},
    "library.Book": {"type": "object", "properties": {
    "id": {"type": "string"}, "etag": {"type": "string"}, "title": {"type": "string"},
    "authors": {"type": "array", "items": {"type": "string"}}, "shelfCode": {"type": "string"},
    "pages": {"type": "integer"}, "fileName": {"type": "string"}},
    "oneOf": [
      {"not": {"anyOf": [{"required": ["pages"]}, {"required": ["fileName"]}]}},
      {"required": ["pages"], "properties": {"pages": {"type": "integer"}}},
      {"required": ["fileName"], "properties": {"fileName": {"type": "string"}}}]}}}
}`

// completed is merged, completed by the contract.
func completed(t *testing.T) object {
	t.Helper()
	file := &descriptorpb.FileDescriptorProto{}
	if err := prototext.Unmarshal([]byte(library), file); err != nil {
		t.Fatal(err)
	}
	described, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	c := &contracts{files: &protoregistry.Files{}, methods: map[string]protoreflect.MethodDescriptor{}, codes: map[string][]code.Code{}}
	if err := c.files.RegisterFile(described); err != nil {
		t.Fatal(err)
	}
	service := described.Services().Get(0)
	for i := range service.Methods().Len() {
		c.methods["BookService_"+string(service.Methods().Get(i).Name())] = service.Methods().Get(i)
	}
	for _, reason := range anyCall {
		c.codes[reason] = []code.Code{code.Code_INVALID_ARGUMENT}
	}
	var doc object
	if err := json.Unmarshal([]byte(merged), &doc); err != nil {
		t.Fatal(err)
	}
	if err := complete(doc, c); err != nil {
		t.Fatal(err)
	}
	return doc
}

func operation(doc object, method, path string) object {
	return child(child(child(doc, "paths"), path), method)
}

func body(doc object, method, path string) object {
	return child(child(child(child(operation(doc, method, path), "requestBody"), "content"), jsonType), "schema")
}

func wantNames(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func parameters(operation object) []string {
	var names []string
	all, _ := operation["parameters"].([]any)
	for _, each := range all {
		names = append(names, text(each.(object)["name"]))
	}
	return names
}

func TestANewResourceComesWithoutWhatTheServerSets(t *testing.T) {
	t.Parallel()
	doc := completed(t)
	wantNames(t, "the body that creates a book", sortedKeys(child(body(doc, "post", "/v1/books"), "properties")), "authors", "shelfCode", "title")
	wantNames(t, "the body that changes a book", sortedKeys(child(body(doc, "patch", "/v1/books/{id}"), "properties")),
		"authors", "etag", "id", "shelfCode", "title")
}

func TestARowThatChangesAResourceNeedsItsIdAlone(t *testing.T) {
	t.Parallel()
	row := child(child(child(completed(t), "components"), "schemas"), "library.UpdateBookRequestInput")
	book := child(child(row, "properties"), "book")
	wantNames(t, "the book of a row", sortedKeys(child(book, "properties")), "authors", "etag", "id", "shelfCode", "title")
	if got, want := book["required"], []any{"id"}; !reflect.DeepEqual(got, want) || book["unevaluatedProperties"] != false || book["description"] != "The book." {
		t.Errorf("the book of a row requires %v, want %v: %v", got, want, book)
	}
	if got := child(child(book, "properties"), "id")["pattern"]; got != "^[0-9]{4}$" {
		t.Errorf("its id has the pattern %v", got)
	}
	mask := regexp.MustCompile(text(child(child(row, "properties"), "updateMask")["pattern"]))
	for written, fits := range map[string]bool{"": true, "title": true, "title,shelfCode.part2": true, "shelf_code": false, "title,": false, ".": false, "×": false} {
		if mask.MatchString(written) != fits {
			t.Errorf("%q matches the mask's pattern %s: %t, want %t", written, mask, !fits, fits)
		}
	}
}

func TestARequiredTextOrListIsNotEmpty(t *testing.T) {
	t.Parallel()
	doc := completed(t)
	book := child(body(doc, "post", "/v1/books"), "properties")
	if got := child(book, "title")["minLength"]; got != 1 {
		t.Errorf("the title has a minLength of %v, want 1", got)
	}
	if got := child(book, "authors")["minItems"]; got != 1 {
		t.Errorf("the list of authors has minItems of %v, want 1", got)
	}
	// The contract's own bound, read back from JSON, stays.
	if got := child(book, "shelfCode")["minLength"]; got != float64(3) {
		t.Errorf("the shelf's code has a minLength of %v, want the contract's 3", got)
	}
}

func TestATextHasABoundInCharactersAndExamples(t *testing.T) {
	t.Parallel()
	stored := body(completed(t), "post", "/v1/books")["oneOf"].([]any)[2].(object)
	name := child(child(stored, "properties"), "fileName")
	// What has more characters than the contract allows bytes does not fit either.
	if got := name["maxLength"]; got != float64(40) {
		t.Errorf("a file's name has a maxLength of %v, want the 40 bytes of the contract", got)
	}
	if got, want := name["examples"], []any{"book.epub"}; !reflect.DeepEqual(got, want) {
		t.Errorf("a file's name has the examples %v, want %v", got, want)
	}
}

func TestFieldsOfABodyExcludeEachOther(t *testing.T) {
	t.Parallel()
	doc := completed(t)
	find := body(doc, "post", "/v1/books:find")
	want := []any{
		object{"required": []any{"id"}, "properties": object{"id": object{"minLength": 1}}},
		object{"required": []any{"bookCode"}, "properties": object{"bookCode": object{"minLength": 1}}},
	}
	if got := find["oneOf"]; !reflect.DeepEqual(got, want) {
		t.Errorf("got oneOf %v, want %v", got, want)
	}
	wantNames(t, "the body", sortedKeys(child(find, "properties")), "bookCode", "branch", "id")
}

func TestAMemberOfAOneofIsNamedByItsAlternativeAlone(t *testing.T) {
	t.Parallel()
	doc := completed(t)
	for what, schema := range map[string]object{
		"the answer": child(child(child(doc, "components"), "schemas"), "library.Book"), "the request": body(doc, "post", "/v1/books"),
	} {
		alternatives := schema["oneOf"].([]any)
		printed, stored := alternatives[1].(object), alternatives[2].(object)
		wantNames(t, what+" of a printed book", sortedKeys(child(printed, "properties")), "pages")
		wantNames(t, what+" of a stored book", sortedKeys(child(stored, "properties")), "fileName")
		for _, member := range []string{"pages", "fileName"} {
			if _, named := child(schema, "properties")[member]; named {
				t.Errorf("%s names %s outside of its alternative", what, member)
			}
		}
		if got := child(child(printed, "properties"), "pages")["minimum"]; got == nil {
			t.Errorf("%s has no bound of the pages", what)
		}
	}
}

func TestARequestHoldsNothingUnknown(t *testing.T) {
	t.Parallel()
	doc := completed(t)
	book, find := body(doc, "post", "/v1/books"), body(doc, "post", "/v1/books:find")
	// additionalProperties would refuse what only an alternative names.
	if book["unevaluatedProperties"] != false || book["additionalProperties"] != nil {
		t.Errorf("a book with alternatives is closed by unevaluatedProperties %v and additionalProperties %v, want false and none",
			book["unevaluatedProperties"], book["additionalProperties"])
	}
	if find["additionalProperties"] != false || find["unevaluatedProperties"] != nil {
		t.Errorf("a body that names all of its properties is closed by additionalProperties %v and unevaluatedProperties %v, want false and none",
			find["additionalProperties"], find["unevaluatedProperties"])
	}
}

func TestWhatThePathNamesIsNotNamedAgain(t *testing.T) {
	t.Parallel()
	doc := completed(t)
	find := body(doc, "post", "/v1/books/{id}:find")
	wantNames(t, "the body beside the path", sortedKeys(child(find, "properties")), "branch")
	if got, stated := find["oneOf"]; stated {
		t.Errorf("got oneOf %v, want none: the path chose", got)
	}
	wantNames(t, "the parameters beside the path", parameters(operation(doc, "get", "/v1/books/{id}")), "id", "branch")
}

func TestAParameterHasThePatternOfTheRequestsRule(t *testing.T) {
	t.Parallel()
	doc := completed(t)
	all, _ := operation(doc, "patch", "/v1/books/{id}")["parameters"].([]any)
	if got := child(all[0].(object), "schema")["pattern"]; got != "^[0-9]{4}$" {
		t.Errorf("the id in the path has the pattern %v, want that of the rule of book.id", got)
	}
}

func TestANumberThatMustNotBeZeroExcludesIt(t *testing.T) {
	t.Parallel()
	doc := completed(t)
	delta := child(child(body(doc, "post", "/v1/books:adjust"), "properties"), "delta")
	if got, want := delta["not"], any(object{"enum": []any{0, "0", "-0"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got not %v, want %v", got, want)
	}
}

func TestADurationIsSecondsWithAnS(t *testing.T) {
	t.Parallel()
	properties := child(body(completed(t), "post", "/v1/books:adjust"), "properties")
	pattern := regexp.MustCompile(text(child(properties, "lentFor")["pattern"]))
	for written, fits := range map[string]bool{"0s": true, "3600s": true, "0.5s": true, "-1.25s": true, "": false, "60": false, "1h": false, "s": false, "1.s": false} {
		if pattern.MatchString(written) != fits {
			t.Errorf("%q matches %s: %t, want %t", written, pattern, !fits, fits)
		}
	}
}
