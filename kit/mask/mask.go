// Package mask reads update masks (https://google.aip.dev/134, 161): which fields
// of a resource a request changes.
package mask

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Fields are names of fields in the contract's snake_case.
type Fields []string

// Has reports whether a field is to be changed.
func (f Fields) Has(field string) bool { return slices.Contains(f, field) }

// Read returns the fields of resource that the mask names, out of those that may
// change. An empty mask names all that are set, "*" names all. A path below a field
// stands for the whole field. The path "etag" is let through without an effect: the
// REST door makes a mask of all that a body holds, and an etag guards a change
// without being one. Any other path is a violation of update_mask.
func Read(mask *fieldmaskpb.FieldMask, resource proto.Message, changeable ...string) (Fields, error) {
	if len(mask.GetPaths()) == 0 {
		return set(resource.ProtoReflect(), changeable), nil
	}
	var named Fields
	var wrong []fault.Violation
	for _, path := range mask.GetPaths() {
		field, _, _ := strings.Cut(path, ".")
		switch {
		case path == "*":
			return changeable, nil
		case slices.Contains(changeable, field):
			if !named.Has(field) {
				named = append(named, field)
			}
		case path != "etag":
			wrong = append(wrong, fault.Violation{
				Field:       "update_mask",
				Description: fmt.Sprintf("%q can't be changed: %s can", path, strings.Join(changeable, ", ")),
			})
		}
	}
	if broken := fault.Fields(wrong...); broken != nil {
		return nil, broken
	}
	return named, nil
}

func set(resource protoreflect.Message, changeable []string) Fields {
	var named Fields
	fields := resource.Descriptor().Fields()
	for _, name := range changeable {
		if field := fields.ByName(protoreflect.Name(name)); field != nil && resource.Has(field) {
			named = append(named, name)
		}
	}
	return named
}
