// Package mask reads update masks (https://google.aip.dev/134, 161): which parts
// of a resource a request changes, to any depth, and changes just these.
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

// The bounds of a mask: what one request may cost to read and to refuse.
const (
	maxPaths      = 500
	maxPathBytes  = 500
	maxViolations = 20
)

// Fields are the parts of a resource that a request changes.
type Fields struct {
	paths []path
}

// path leads to a part of a message by its fields' names, and to a value of a map
// by its key.
type path []string

// Has reports whether a field, or a part of it, is to be changed. The field of a
// message is named with dots: "contact.email".
func (f Fields) Has(field string) bool {
	want := strings.Split(field, ".")
	return slices.ContainsFunc(f.paths, func(p path) bool {
		n := min(len(p), len(want))
		return slices.Equal(p[:n], want[:n])
	})
}

// Empty reports whether nothing is to be changed.
func (f Fields) Empty() bool { return len(f.paths) == 0 }

// Read returns which parts of resource a request changes, out of the fields that
// may change. resource is what the request holds.
//
// A path names a field ("name"), a part of a message ("shipping_address.locality")
// or one key of a map ("attributes.colour"; a key with other characters than
// letters, digits and _ stands in backticks). Fields may be spelled in snake_case
// or camelCase. A repeated field is named whole. "*" names all that may change. An
// empty mask names what resource sets, to any depth: a map then means its keys, and
// an empty message nothing.
//
// An amount of money is one value: a mask names it whole, or currency_code together
// with units or nanos, so that 1,000 JPY never become 1,200 EUR. An amount of nothing
// must be named by the mask: without one, it looks like an amount that was left out.
//
// The path "etag" has no effect: REST makes a mask of all that a body holds, and an
// etag guards a change without being one. Any other path is a violation of
// update_mask.
func Read(mask *fieldmaskpb.FieldMask, resource proto.Message, changeable ...string) (Fields, error) {
	r := reader{root: resource.ProtoReflect(), changeable: changeable, parts: map[string]*moneyParts{}}
	if len(mask.GetPaths()) == 0 {
		r.readSet()
	} else {
		r.readPaths(mask.GetPaths())
	}
	if broken := fault.Fields(r.wrong...); broken != nil {
		return Fields{}, broken
	}
	return Fields{paths: r.paths}, nil
}

// Apply returns a copy of current with what the fields name taken from given: what
// is not named stays, and what is named and not set in given is cleared. The result
// shares nothing with either.
func Apply[M proto.Message](fields Fields, current, given M) M {
	changed := proto.CloneOf(current)
	for _, p := range fields.paths {
		p.copy(changed.ProtoReflect(), given.ProtoReflect())
	}
	return changed
}

func (p path) copy(to, from protoreflect.Message) {
	field := to.Descriptor().Fields().ByName(protoreflect.Name(p[0]))
	switch {
	case len(p) == 1 && from.Has(field):
		to.Set(field, cloned(field, from))
	case len(p) == 1:
		to.Clear(field)
	case field.IsMap():
		copyKey(field, p[1], to, from)
	default:
		if !to.Has(field) && !from.Has(field) {
			return
		}
		p[1:].copy(to.Mutable(field).Message(), from.Get(field).Message())
	}
}

// cloned returns a field's value, sharing nothing with the message.
func cloned(field protoreflect.FieldDescriptor, from protoreflect.Message) protoreflect.Value {
	if !field.IsList() && !field.IsMap() && field.Message() == nil {
		return from.Get(field)
	}
	return proto.Clone(from.Interface()).ProtoReflect().Get(field)
}

func copyKey(field protoreflect.FieldDescriptor, key string, to, from protoreflect.Message) {
	name := protoreflect.ValueOfString(key).MapKey()
	if !from.Get(field).Map().Has(name) {
		if to.Has(field) {
			to.Mutable(field).Map().Clear(name)
		}
		return
	}
	to.Mutable(field).Map().Set(name, cloned(field, from).Map().Get(name))
}

// reader gathers a request's paths, and what is wrong with them.
type reader struct {
	root       protoreflect.Message
	changeable []string
	paths      []path
	seen       map[string]bool
	parts      map[string]*moneyParts
	wrong      []fault.Violation
}

func (r *reader) add(p path) {
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	if key := strings.Join(p, "\x00"); !r.seen[key] {
		r.seen[key] = true
		r.paths = append(r.paths, slices.Clone(p))
	}
}

func (r *reader) refuse(field, format string, args ...any) {
	if len(r.wrong) < maxViolations {
		r.wrong = append(r.wrong, fault.Violation{Field: field, Description: fmt.Sprintf(format, args...)})
	}
}

func (r *reader) readPaths(paths []string) {
	if len(paths) > maxPaths {
		r.refuse("update_mask", "must name at most %d paths, names %d", maxPaths, len(paths))
		return
	}
	for _, text := range paths {
		if text == "*" {
			for _, name := range r.changeable {
				r.add(path{name})
			}
			continue
		}
		if err := r.readPath(text); err != nil {
			// Shortened, so that what is wrong with it fits into the error as well.
			r.refuse("update_mask", "%q %s", fault.Cut(text, 40), err)
		}
	}
	r.joinMoney()
	for _, p := range r.paths {
		r.checkMoney(p)
	}
}

// readPath resolves one path against the resource's type.
func (r *reader) readPath(text string) error {
	segments, err := split(text)
	if err != nil {
		return err
	}
	if len(segments) == 1 && segments[0] == "etag" {
		return nil
	}
	fields := r.root.Descriptor().Fields()
	field := byName(fields, segments[0])
	if field == nil || !slices.Contains(r.changeable, string(field.Name())) {
		return fmt.Errorf("can't be changed: %s can", strings.Join(r.changeable, ", "))
	}
	resolved := path{string(field.Name())}
	for _, segment := range segments[1:] {
		switch {
		case field == nil:
			return fmt.Errorf("names a part of a value that has none")
		case field.IsMap():
			if field.MapKey().Kind() != protoreflect.StringKind || field.MapValue().Message() != nil {
				return fmt.Errorf("names a part of a map that is changed whole: name %s", strings.Join(resolved, "."))
			}
			resolved, field = append(resolved, segment), nil
		case field.IsList():
			return fmt.Errorf("names a part of a list, which is changed whole: name %s", strings.Join(resolved, "."))
		case field.Message() == nil:
			return fmt.Errorf("names a part of a value that has none: name %s", strings.Join(resolved, "."))
		default:
			part := byName(field.Message().Fields(), segment)
			if part == nil {
				return fmt.Errorf("names a field that %s does not have", field.Message().Name())
			}
			if isMoney(field.Message()) {
				r.partOf(resolved, part)
				return nil
			}
			if isValue(field.Message()) {
				r.add(resolved)
				return nil
			}
			resolved, field = append(resolved, string(part.Name())), part
		}
	}
	r.add(resolved)
	return nil
}

// byName finds a field by its name in the contract or in JSON.
func byName(fields protoreflect.FieldDescriptors, name string) protoreflect.FieldDescriptor {
	if field := fields.ByName(protoreflect.Name(name)); field != nil {
		return field
	}
	return fields.ByJSONName(name)
}

// readSet names what the resource sets.
func (r *reader) readSet() {
	fields := r.root.Descriptor().Fields()
	for _, name := range r.changeable {
		if field := fields.ByName(protoreflect.Name(name)); field != nil && r.root.Has(field) {
			r.addSet(path{name}, field, r.root)
		}
	}
}

func (r *reader) addSet(p path, field protoreflect.FieldDescriptor, in protoreflect.Message) {
	switch {
	case field.IsMap() && field.MapKey().Kind() == protoreflect.StringKind && field.MapValue().Message() == nil:
		for key := range in.Get(field).Map().Range {
			r.add(append(slices.Clone(p), key.String()))
		}
	case field.IsList() || field.IsMap() || field.Message() == nil:
		r.add(p)
	case isMoney(field.Message()):
		amount := in.Get(field).Message()
		if r.checkMoney(p) && !hasAmount(amount) {
			r.refuse(r.field(p), "needs units or nanos beside currency_code; to set it to nothing, name it in update_mask")
		}
		r.add(p)
	case isValue(field.Message()):
		r.add(p)
	default:
		message := in.Get(field).Message()
		for part := range message.Range {
			r.addSet(append(slices.Clone(p), string(part.Name())), part, message)
		}
	}
}

// field is a path as violations name it: below the request's field of the resource,
// which has the resource's name.
func (r *reader) field(p path) string {
	return strings.ToLower(string(r.root.Descriptor().Name())) + "." + strings.Join(p, ".")
}
