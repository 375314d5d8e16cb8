package mask

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "google.golang.org/genproto/googleapis/type/money"         // the types of the resource below
	_ "google.golang.org/genproto/googleapis/type/postaladdress" // the types of the resource below
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/timestamppb" // the types of the resource below

	"github.com/shopmesh/shopmesh/kit/fault"
)

// goods is a resource with a part of each kind: the kit knows no contract of a shop.
const goods = `
name: "goods.proto" package: "goods" syntax: "proto3"
dependency: "google/type/money.proto" dependency: "google/type/postal_address.proto"
dependency: "google/protobuf/timestamp.proto" dependency: "google/protobuf/field_mask.proto"
message_type {
  name: "Product"
  field {name: "id" json_name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL}
  field {name: "name" json_name: "name" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL}
  field {name: "category_id" json_name: "categoryId" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL}
  field {name: "price" json_name: "price" number: 4 type: TYPE_MESSAGE type_name: ".google.type.Money" label: LABEL_OPTIONAL}
  field {name: "attributes" json_name: "attributes" number: 5 type: TYPE_MESSAGE type_name: ".goods.Product.AttributesEntry" label: LABEL_REPEATED}
  field {name: "images" json_name: "images" number: 6 type: TYPE_STRING label: LABEL_REPEATED}
  field {name: "address" json_name: "address" number: 7 type: TYPE_MESSAGE type_name: ".google.type.PostalAddress" label: LABEL_OPTIONAL}
  field {name: "sale_time" json_name: "saleTime" number: 8 type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp" label: LABEL_OPTIONAL}
  field {name: "fees" json_name: "fees" number: 9 type: TYPE_MESSAGE type_name: ".goods.Fees" label: LABEL_OPTIONAL}
  field {name: "etag" json_name: "etag" number: 10 type: TYPE_STRING label: LABEL_OPTIONAL}
  nested_type {
    name: "AttributesEntry" options {map_entry: true}
    field {name: "key" json_name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL}
    field {name: "value" json_name: "value" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL}
  }
}
message_type {
  name: "Fees"
  field {name: "customs" json_name: "customs" number: 1 type: TYPE_MESSAGE type_name: ".google.type.Money" label: LABEL_OPTIONAL}
  field {name: "note" json_name: "note" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL}
}
message_type {
  name: "UpdateProductRequest"
  field {name: "product" json_name: "product" number: 1 type: TYPE_MESSAGE type_name: ".goods.Product" label: LABEL_OPTIONAL}
  field {name: "update_mask" json_name: "updateMask" number: 2 type: TYPE_MESSAGE type_name: ".google.protobuf.FieldMask" label: LABEL_OPTIONAL}
}`

var descriptors = sync.OnceValue(func() protoreflect.MessageDescriptors {
	var file descriptorpb.FileDescriptorProto
	if err := prototext.Unmarshal([]byte(goods), &file); err != nil {
		panic(err)
	}
	descriptor, err := protodesc.NewFile(&file, protoregistry.GlobalFiles)
	if err != nil {
		panic(err)
	}
	return descriptor.Messages()
})

func product(t *testing.T, text string) *dynamicpb.Message {
	t.Helper()
	message := dynamicpb.NewMessage(descriptors().ByName("Product"))
	if err := protojson.Unmarshal([]byte(text), message); err != nil {
		t.Fatal(err)
	}
	return message
}

// asJSON compares by value: protojson varies its blanks on purpose.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

const stored = `{"id": "7", "name": "Tea", "categoryId": "c", "price": {"currencyCode": "JPY", "units": "1000"}, "attributes": {"a": "1", "b": "2"},
	"images": ["x", "y"], "address": {"regionCode": "JP", "locality": "Tokyo", "addressLines": ["1"]}, "saleTime": "2026-01-01T00:00:01Z"}`

var changeable = []string{"name", "category_id", "price", "attributes", "images", "address", "sale_time", "fees"}

func TestWhatTheMaskDoesNotNameStays(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		given string
		paths []string
		want  string // what differs from stored, by JSON name; null when it is gone
	}{
		"a field":                                 {`{"name": "Coffee", "categoryId": "d"}`, []string{"name"}, `{"name": "Coffee"}`},
		"a field that is cleared":                 {`{}`, []string{"category_id"}, `{"categoryId": null}`},
		"the name of the field in JSON":           {`{"categoryId": "d"}`, []string{"categoryId"}, `{"categoryId": "d"}`},
		"one key of a map":                        {`{"attributes": {"a": "9", "c": "3"}}`, []string{"attributes.a"}, `{"attributes": {"a": "9", "b": "2"}}`},
		"a key that was not there":                {`{"attributes": {"c": "3"}}`, []string{"attributes.c"}, `{"attributes": {"a": "1", "b": "2", "c": "3"}}`},
		"a key that is taken away":                {`{}`, []string{"attributes.a"}, `{"attributes": {"b": "2"}}`},
		"a key with dots and a backtick":          {`{"attributes": {"x.y` + "`" + `z": "3"}}`, []string{"attributes.`x.y``z`"}, `{"attributes": {"a": "1", "b": "2", "x.y` + "`" + `z": "3"}}`},
		"a map whole":                             {`{"attributes": {"c": "3"}}`, []string{"attributes"}, `{"attributes": {"c": "3"}}`},
		"a part of a message":                     {`{"address": {"regionCode": "DE", "addressLines": ["2"]}}`, []string{"address.address_lines"}, `{"address": {"regionCode": "JP", "locality": "Tokyo", "addressLines": ["2"]}}`},
		"parts by their names in JSON":            {`{"address": {"postalCode": "1"}}`, []string{"address.postalCode", "address.locality"}, `{"address": {"regionCode": "JP", "postalCode": "1", "addressLines": ["1"]}}`},
		"a message whole":                         {`{"address": {"regionCode": "DE"}}`, []string{"address"}, `{"address": {"regionCode": "DE"}}`},
		"a message that is cleared":               {`{}`, []string{"address"}, `{"address": null}`},
		"a list whole":                            {`{"images": ["z"]}`, []string{"images"}, `{"images": ["z"]}`},
		"an amount":                               {`{"price": {"currencyCode": "EUR", "units": "12"}}`, []string{"price"}, `{"price": {"currencyCode": "EUR", "units": "12"}}`},
		"an amount of nothing, named":             {`{"price": {"currencyCode": "JPY"}}`, []string{"price"}, `{"price": {"currencyCode": "JPY"}}`},
		"both parts of an amount":                 {`{"price": {"currencyCode": "JPY", "units": "1200"}}`, []string{"price.units", "price.currency_code"}, `{"price": {"currencyCode": "JPY", "units": "1200"}}`},
		"a part of a time is the time":            {`{"saleTime": "2026-02-02T00:00:02Z"}`, []string{"sale_time.seconds"}, `{"saleTime": "2026-02-02T00:00:02Z"}`},
		"a part of a message that was not there":  {`{"fees": {"note": "n", "customs": {"currencyCode": "EUR", "units": "1"}}}`, []string{"fees.note"}, `{"fees": {"note": "n"}}`},
		"everything":                              {`{"name": "Coffee", "price": {"currencyCode": "EUR", "units": "1"}}`, []string{"*"}, `{"name": "Coffee", "price": {"currencyCode": "EUR", "units": "1"}, "categoryId": null, "attributes": null, "images": null, "address": null, "saleTime": null}`},
		"an etag beside a field, and it twice":    {`{"name": "Coffee", "etag": "e"}`, []string{"etag", "name", "name"}, `{"name": "Coffee"}`},
		"no mask, a field":                        {`{"id": "8", "name": "Coffee"}`, nil, `{"name": "Coffee"}`},
		"no mask, nothing":                        {`{}`, nil, `{}`},
		"no mask, keys of a map":                  {`{"attributes": {"a": "9", "c": "3"}}`, nil, `{"attributes": {"a": "9", "b": "2", "c": "3"}}`},
		"no mask, a part of a message":            {`{"address": {"postalCode": "1"}}`, nil, `{"address": {"regionCode": "JP", "locality": "Tokyo", "postalCode": "1", "addressLines": ["1"]}}`},
		"no mask, an empty message":               {`{"address": {}}`, nil, `{}`},
		"no mask, an amount":                      {`{"price": {"currencyCode": "JPY", "units": "1200"}}`, nil, `{"price": {"currencyCode": "JPY", "units": "1200"}}`},
		"no mask, an amount deep in a message":    {`{"fees": {"customs": {"currencyCode": "JPY", "nanos": 5}}}`, nil, `{"fees": {"customs": {"currencyCode": "JPY", "nanos": 5}}}`},
		"a part and the whole, the whole counts":  {`{"attributes": {"a": "9"}}`, []string{"attributes.a", "attributes"}, `{"attributes": {"a": "9"}}`},
		"a name with the same first letters":      {`{"name": "Coffee"}`, []string{"name"}, `{"name": "Coffee"}`},
		"a key that has the name of another part": {`{"attributes": {"name": "9"}}`, []string{"attributes.name"}, `{"attributes": {"a": "1", "b": "2", "name": "9"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			current, given := product(t, stored), product(t, row.given)
			fields, err := Read(&fieldmaskpb.FieldMask{Paths: row.paths}, given, changeable...)
			if err != nil {
				t.Fatal(err)
			}
			text, err := protojson.Marshal(Apply(fields, current, given))
			if err != nil {
				t.Fatal(err)
			}
			want := asJSON(t, stored).(map[string]any)
			for field, value := range asJSON(t, row.want).(map[string]any) {
				if want[field] = value; value == nil {
					delete(want, field)
				}
			}
			if got := asJSON(t, string(text)); !reflect.DeepEqual(got, want) {
				t.Fatalf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestAMaskThatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		given  string
		paths  []string
		fields []string
	}{
		"a field that can't be changed":       {`{}`, []string{"id"}, []string{"update_mask"}},
		"a field that there isn't":            {`{}`, []string{"colour", "name"}, []string{"update_mask"}},
		"several":                             {`{}`, []string{"id", "key", "name"}, []string{"update_mask", "update_mask"}},
		"an empty path":                       {`{}`, []string{""}, []string{"update_mask"}},
		"an empty part":                       {`{}`, []string{"address..locality"}, []string{"update_mask"}},
		"a dot at the end":                    {`{}`, []string{"address."}, []string{"update_mask"}},
		"a backtick that stays open":          {`{}`, []string{"attributes.`a"}, []string{"update_mask"}},
		"no dot behind a backtick":            {`{}`, []string{"attributes.`a`b"}, []string{"update_mask"}},
		"a part of a word":                    {`{}`, []string{"name.x"}, []string{"update_mask"}},
		"a part of a list":                    {`{}`, []string{"images.0"}, []string{"update_mask"}},
		"a part of a map's value":             {`{}`, []string{"attributes.a.b"}, []string{"update_mask"}},
		"a part that a message does not have": {`{}`, []string{"address.street"}, []string{"update_mask"}},
		"the amount alone":                    {`{"price": {"currencyCode": "JPY", "units": "1200"}}`, []string{"price.units"}, []string{"product.price"}},
		"the currency alone":                  {`{"price": {"currencyCode": "EUR", "units": "1200"}}`, []string{"price.currencyCode"}, []string{"product.price"}},
		"a body with the amount alone":        {`{"price": {"units": "1200"}}`, []string{"price"}, []string{"product.price"}},
		"an empty amount":                     {`{"price": {}}`, []string{"price"}, []string{"product.price"}},
		"an empty amount within everything":   {`{"price": {}}`, []string{"*"}, []string{"product.price"}},
		"one deep in a message":               {`{"fees": {"customs": {"units": "1"}}}`, []string{"fees"}, []string{"product.fees.customs"}},
		"no mask, the amount alone":           {`{"price": {"units": "1200"}}`, nil, []string{"product.price"}},
		"no mask, the currency alone":         {`{"price": {"currencyCode": "EUR"}}`, nil, []string{"product.price"}},
		"no mask, an empty amount":            {`{"price": {}}`, nil, []string{"product.price"}},
		"a path that is too long":             {`{}`, []string{strings.Repeat("a", 501)}, []string{"update_mask"}},
		"more paths than there can be":        {`{}`, slices.Repeat([]string{"name"}, 501), []string{"update_mask"}},
		"as many mistakes as are named":       {`{}`, slices.Repeat([]string{"x"}, 500), slices.Repeat([]string{"update_mask"}, 20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields, err := Read(&fieldmaskpb.FieldMask{Paths: row.paths}, product(t, row.given), changeable...)
			broken, ok := fault.Of(err)
			if !ok || broken.Reason() != fault.ReasonInvalidField {
				t.Fatalf("got %v, %v", fields, err)
			}
			var violated []string
			for _, violation := range broken.Violations() {
				violated = append(violated, violation.Field)
				if len(violation.Description) > 300 {
					t.Errorf("a description of %d bytes", len(violation.Description))
				}
			}
			if !slices.Equal(violated, row.fields) {
				t.Fatalf("violations of %q, want %q: %v", violated, row.fields, err)
			}
		})
	}
}

// An error describes each field in 200 bytes (kit/rpc): what is wrong with a path has to
// be among them, however long the path is.
func TestARefusalOfALongPathStatesWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := Read(&fieldmaskpb.FieldMask{Paths: []string{strings.Repeat("𝖋", 100)}}, product(t, `{}`), changeable...)
	broken, ok := fault.Of(err)
	if !ok || len(broken.Violations()) != 1 {
		t.Fatalf("got %v, want a refusal of one path", err)
	}
	if shown := fault.Cut(broken.Violations()[0].Description, 200); !strings.Contains(shown, "can't be changed: "+changeable[0]) {
		t.Errorf("the first 200 bytes are %q, which does not state what is wrong", shown)
	}
}

func TestHasNamesAFieldAndItsParts(t *testing.T) {
	t.Parallel()
	fields, err := Read(&fieldmaskpb.FieldMask{Paths: []string{"address.locality", "name"}}, product(t, `{}`), changeable...)
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]bool{
		"name": true, "address": true, "address.locality": true, "address.region_code": false, "price": false, "nam": false,
	} {
		if fields.Has(field) != want {
			t.Errorf("%s is changed: want %t", field, want)
		}
	}
}

// What is changed shares nothing with what was given: either may be changed later.
func TestApplyCopies(t *testing.T) {
	t.Parallel()
	current, given := product(t, stored), product(t, `{"images": ["z"], "address": {"addressLines": ["2"]}}`)
	fields, err := Read(nil, given, changeable...)
	if err != nil {
		t.Fatal(err)
	}
	changed := Apply(fields, current, given)
	images := given.Descriptor().Fields().ByName("images")
	given.Mutable(images).List().Set(0, protoreflect.ValueOfString("changed"))
	if got := changed.Get(images).List().Get(0).String(); got != "z" {
		t.Fatalf("got %s", got)
	}
	if got := current.Get(images).List().Len(); got != 2 {
		t.Fatalf("what was there has %d images now", got)
	}
}

// The gateway names whole maps and empty objects; a body means its keys, and nothing.
func TestABodyOverRESTMeansWhatItSets(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		body  string
		paths []string
		want  []string
	}{
		"a map":                 {`{"attributes": {"a": "1", "x.y": "2"}}`, []string{"attributes"}, []string{"attributes.`x.y`", "attributes.a"}},
		"an empty map":          {`{"attributes": {}}`, []string{"attributes", "name"}, []string{"name"}},
		"an empty message":      {`{"address": {}}`, []string{"address"}, nil},
		"an empty amount stays": {`{"price": {}}`, []string{"price"}, []string{"price"}},
		"what is empty stays":   {`{"name": "", "images": []}`, []string{"images", "name"}, []string{"images", "name"}},
		"parts stay":            {`{"address": {"locality": ""}}`, []string{"address.locality"}, []string{"address.locality"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := dynamicpb.NewMessage(descriptors().ByName("UpdateProductRequest"))
			fields := request.Descriptor().Fields()
			given := &fieldmaskpb.FieldMask{Paths: row.paths}
			request.Set(fields.ByName("update_mask"), protoreflect.ValueOfMessage(given.ProtoReflect()))
			request.Set(fields.ByName("product"), protoreflect.ValueOfMessage(product(t, row.body)))
			Body(request)
			if !slices.Equal(given.GetPaths(), row.want) {
				t.Fatalf("got %q, want %q", fmt.Sprint(given.GetPaths()), fmt.Sprint(row.want))
			}
		})
	}
}
