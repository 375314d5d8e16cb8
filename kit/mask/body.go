package mask

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Body corrects the update_mask that grpc-gateway made of a JSON body, so that the body
// means what Read defines for a request without a mask. The gateway names a whole map
// where the body holds some of its keys: the mask then names the keys. It names an empty
// object: the mask then leaves it out, except for an amount of money, which Read refuses.
// A request without an update_mask, or with several messages beside it, is not changed.
func Body(request proto.Message) {
	message := request.ProtoReflect()
	var resource protoreflect.Message
	var given *fieldmaskpb.FieldMask
	for field := range message.Range {
		if field.Message() == nil || field.IsList() || field.IsMap() {
			continue
		}
		if found, ok := message.Get(field).Message().Interface().(*fieldmaskpb.FieldMask); ok {
			given = found
			continue
		}
		if resource != nil {
			return
		}
		resource = message.Get(field).Message()
	}
	if given == nil || resource == nil {
		return
	}
	var paths []string
	for _, text := range given.GetPaths() {
		paths = append(paths, expand(resource, text)...)
	}
	slices.Sort(paths)
	given.Paths = paths
}

// expand returns the paths for what a body holds at one path of the gateway's,
// which names fields only.
func expand(in protoreflect.Message, text string) []string {
	names := strings.Split(text, ".")
	for i, name := range names {
		field := in.Descriptor().Fields().ByName(protoreflect.Name(name))
		switch {
		case field == nil:
			return []string{text}
		case field.IsMap() && field.MapKey().Kind() == protoreflect.StringKind && field.MapValue().Message() == nil:
			var paths []string
			for key := range in.Get(field).Map().Range {
				paths = append(paths, text+"."+quote(key.String()))
			}
			return paths
		case field.IsList() || field.IsMap() || field.Message() == nil || isValue(field.Message()):
			return []string{text}
		case i == len(names)-1:
			return nil
		}
		in = in.Get(field).Message()
	}
	return []string{text}
}
