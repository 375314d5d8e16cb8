// Package descriptors reads the contracts with their options, as `buf build` writes them.
package descriptors

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Load reads a FileDescriptorSet. Options that our own contracts declare can be read by
// Option.
func Load(raw []byte) (*protoregistry.Files, error) {
	files, err := load(raw, nil)
	if err != nil {
		return nil, err
	}
	// Read again, with the extensions that the first reading found.
	return load(raw, dynamicpb.NewTypes(files))
}

func load(raw []byte, types *dynamicpb.Types) (*protoregistry.Files, error) {
	options := proto.UnmarshalOptions{}
	if types != nil {
		options.Resolver = types
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := options.Unmarshal(raw, set); err != nil {
		return nil, err
	}
	return protodesc.NewFiles(set)
}

// Option returns an option of a descriptor; the zero Value when it is not set.
func Option(d protoreflect.Descriptor, name protoreflect.FullName) protoreflect.Value {
	var found protoreflect.Value
	d.Options().ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if field.FullName() == name {
			found = value
			return false
		}
		return true
	})
	return found
}
