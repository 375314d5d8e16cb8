// Package settings reads what an owner may set: a JSON file with one object per
// context, each the ProtoJSON of that context's Settings message.
package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxBytes bounds a settings file.
const maxBytes = 1 << 20

// Load returns defaults, overridden by what the file has for a context, and checked
// against the message's rules. Without a file, or a section for the context, it returns
// the defaults; null gives a field its default. A name that the message does not have and
// a value that breaks a rule are errors; the error names all of them.
func Load[M proto.Message](file, context string, defaults M) (M, error) {
	var none M
	merged := proto.CloneOf(defaults)
	sections, err := read(file)
	if err != nil {
		return none, err
	}
	if section, ok := sections[context]; ok {
		overrides := merged.ProtoReflect().New().Interface()
		if err := protojson.Unmarshal(section, overrides); err != nil {
			// The library blurs its text with no-break spaces.
			text := strings.ReplaceAll(err.Error(), "\u00a0", " ")
			return none, fmt.Errorf("settings of %s in %s: %s", context, file, text)
		}
		if err := override(merged.ProtoReflect(), overrides.ProtoReflect(), section); err != nil {
			return none, fmt.Errorf("settings of %s in %s: %w", context, file, err)
		}
	}
	if err := protovalidate.Validate(merged); err != nil {
		return none, fmt.Errorf("settings of %s%s: %w", context, in(file), rules(err))
	}
	return merged, nil
}

// Check returns an error that names every section of the file that is none of the
// contexts: in a process that holds all contexts, such a section is a misspelling.
func Check(file string, contexts ...string) error {
	sections, err := read(file)
	if err != nil {
		return err
	}
	var unknown []string
	for name := range sections {
		if !slices.Contains(contexts, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("settings in %s name contexts that there are not: %s; there are %s",
			file, strings.Join(unknown, ", "), strings.Join(contexts, ", "))
	}
	return nil
}

func in(file string) string {
	if file == "" {
		return ""
	}
	return " in " + file
}

func read(file string) (map[string]json.RawMessage, error) {
	if file == "" {
		return nil, nil
	}
	opened, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open the settings: %w", err)
	}
	defer func() { _ = opened.Close() }()
	data, err := io.ReadAll(io.LimitReader(opened, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the settings %s: %w", file, err)
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("read the settings %s: larger than %d bytes", file, maxBytes)
	}
	return parse(file, data)
}

func parse(file string, data []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	opening, err := decoder.Token()
	if err != nil || opening != json.Delim('{') {
		return nil, fmt.Errorf("settings %s: must be a JSON object with one object per context", file)
	}
	sections := make(map[string]json.RawMessage)
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("settings %s: %w", file, err)
		}
		context, _ := name.(string)
		if _, twice := sections[context]; twice {
			return nil, fmt.Errorf("settings %s: %q is there twice", file, context)
		}
		var section json.RawMessage
		if err := decoder.Decode(&section); err != nil {
			return nil, fmt.Errorf("settings %s, %q: %w", file, context, err)
		}
		sections[context] = section
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("settings %s: %w", file, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("settings %s: there is more after the object", file)
	}
	return sections, nil
}

// override takes over every field that the JSON names, so that it can also set a
// field to its zero value; a nested message is taken over field by field.
func override(into, from protoreflect.Message, section json.RawMessage) error {
	var named map[string]json.RawMessage
	if err := json.Unmarshal(section, &named); err != nil {
		return err
	}
	for name, value := range named {
		fields := into.Descriptor().Fields()
		field := fields.ByJSONName(name)
		if field == nil {
			field = fields.ByTextName(name)
		}
		if field == nil {
			return fmt.Errorf("unknown field %q", name)
		}
		switch {
		case string(value) == "null": // it stays as it was
		case nests(field) && from.Has(field):
			if err := override(into.Mutable(field).Message(), from.Get(field).Message(), value); err != nil {
				return err
			}
		case from.Has(field):
			into.Set(field, from.Get(field))
		default:
			into.Clear(field)
		}
	}
	return nil
}

// nests reports whether a field holds one message of ours, which JSON shows as an
// object; a duration, for example, is text.
func nests(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && !field.IsMap() && !field.IsList() &&
		!strings.HasPrefix(string(field.Message().FullName()), "google.protobuf.")
}

func rules(err error) error {
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	broken := make([]string, 0, len(invalid.Violations))
	for _, v := range invalid.Violations {
		broken = append(broken, protovalidate.FieldPathString(v.Proto.GetField())+": "+v.Proto.GetMessage())
	}
	return errors.New(strings.Join(broken, "; "))
}
