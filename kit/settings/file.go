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

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
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
		if err := unmarshal(section, overrides); err != nil {
			return none, fmt.Errorf("settings of %s in %s: %w", context, file, err)
		}
		if err := override(merged.ProtoReflect(), overrides.ProtoReflect(), section); err != nil {
			return none, fmt.Errorf("settings of %s in %s: %w", context, file, err)
		}
	}
	if err := validate(merged); err != nil {
		return none, fmt.Errorf("settings of %s%s: %w", context, in(file), err)
	}
	return merged, nil
}

// Section reads what the file has for a context into an empty message, without the
// defaults, and checks it against the message's rules.
func Section(file, context string, empty proto.Message) error {
	sections, err := read(file)
	if err != nil {
		return err
	}
	if section, ok := sections[context]; ok {
		if err := unmarshal(section, empty); err != nil {
			return fmt.Errorf("settings of %s in %s: %w", context, file, err)
		}
	}
	if err := validate(empty); err != nil {
		return fmt.Errorf("settings of %s%s: %w", context, in(file), err)
	}
	return nil
}

func unmarshal(text []byte, message proto.Message) error {
	if err := protojson.Unmarshal(text, message); err != nil {
		// The library blurs its text with no-break spaces.
		return errors.New(strings.ReplaceAll(err.Error(), "\u00a0", " "))
	}
	return nil
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
