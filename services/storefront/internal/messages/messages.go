// Package messages holds the texts of the pages, in each language.
package messages

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"
)

// Default is the language of texts where a language is asked for that has none.
const Default = "en"

// Languages are those that have texts. An owner decides which of them the shop offers, and
// which of these stands first.
func Languages() []string { return []string{Default, "de", "ar"} }

// Catalog holds the texts of all languages.
type Catalog struct {
	byLanguage map[string]*Texts
}

// Texts are those of one language.
type Texts struct {
	tag   language.Tag
	plain map[string]string
	// counted are texts about a number of things, by the plural form that the number has.
	counted map[string]map[plural.Form]string
	amounts *amounts
}

// pluralForms are CLDR's names of the forms.
var pluralForms = map[string]plural.Form{ //nolint:gochecknoglobals // a constant
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

// Load reads messages/<language>/*.json.
func Load(files fs.FS) (*Catalog, error) {
	catalog := &Catalog{byLanguage: make(map[string]*Texts)}
	for _, name := range Languages() {
		texts, err := load(files, name)
		if err != nil {
			return nil, fmt.Errorf("read the texts of the language %s: %w", name, err)
		}
		catalog.byLanguage[name] = texts
	}
	return catalog, nil
}

// Files returns the files of a language's texts, without those of the office, which has its
// texts in its build.
func Files(files fs.FS, language string) ([]string, error) {
	found, err := fs.Glob(files, path.Join("messages", language, "*.json"))
	return slices.DeleteFunc(found, func(name string) bool { return strings.HasPrefix(path.Base(name), "office") }), err
}

func load(files fs.FS, name string) (*Texts, error) {
	tag, err := language.Parse(name)
	if err != nil {
		return nil, err
	}
	found, err := Files(files, name)
	if err != nil {
		return nil, err
	}
	texts := &Texts{tag: tag, plain: make(map[string]string), counted: make(map[string]map[plural.Form]string), amounts: newAmounts(name)}
	for _, file := range found {
		content, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		if err := texts.read(content); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return texts, nil
}

// read reads a file in go-i18n's form: an id has a text, or a text for each plural form.
func (t *Texts) read(content []byte) error {
	var messages map[string]json.RawMessage
	if err := json.Unmarshal(content, &messages); err != nil {
		return err
	}
	for id, message := range messages {
		if message[0] == '"' {
			var text string
			if err := json.Unmarshal(message, &text); err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			t.plain[id] = text
			continue
		}
		var byName map[string]string
		if err := json.Unmarshal(message, &byName); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		t.counted[id] = make(map[plural.Form]string, len(byName))
		for name, text := range byName {
			form, ok := pluralForms[name]
			if !ok {
				return fmt.Errorf("%s: %q is no plural form", id, name)
			}
			t.counted[id][form] = text
		}
	}
	return nil
}

// In returns the texts of a language, those of the default one for a language that has none.
func (c *Catalog) In(language string) *Texts {
	if texts, ok := c.byLanguage[language]; ok {
		return texts
	}
	return c.byLanguage[Default]
}

// Language is the language's tag, such as "de".
func (t *Texts) Language() string { return t.tag.String() }

// Dir is the direction that the language is written in, as HTML has it.
func (t *Texts) Dir() string {
	if slices.Contains([]string{"ar", "fa", "he", "ur"}, t.Language()) {
		return "rtl"
	}
	return "ltr"
}

// Say returns a text that holds no values. A test finds ids that are not there; one is
// shown in place of its text.
func (t *Texts) Say(id string) string {
	if text, ok := t.plain[id]; ok {
		return text
	}
	return id
}

// Count returns a text about a number of things of 0 or more, in the form that the language has for
// it. Other values in it are given as name and value in turn.
func (t *Texts) Count(id string, count int, namesAndValues ...string) string {
	// All digits stand before the point.
	text, ok := t.counted[id][plural.Cardinal.MatchPlural(t.tag, count, 0, 0, 0, 0)]
	if !ok {
		text = t.Say(id)
	}
	return t.filled(strings.ReplaceAll(text, "{{.Count}}", t.Number(count)), namesAndValues)
}

// Fill returns a text with values, given as name and value in turn.
func (t *Texts) Fill(id string, namesAndValues ...string) string {
	return t.filled(t.Say(id), namesAndValues)
}

// filled puts values where the text has their names: {{.Name}}.
func (t *Texts) filled(text string, namesAndValues []string) string {
	places := make([]string, 0, len(namesAndValues))
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		places = append(places, "{{."+namesAndValues[i]+"}}", t.isolated(namesAndValues[i+1]))
	}
	return strings.NewReplacer(places...).Replace(text)
}

// isolated is a value that keeps its direction within a text: between the marks that Unicode has
// for that (https://unicode.org/reports/tr9/#Explicit_Directional_Isolates), because texts also
// stand where no element can, in titles and names of buttons. A text from left to right needs
// none around what is written like itself, and its values can be copied as they are.
func (t *Texts) isolated(value string) string {
	const firstStrong, end = "\u2068", "\u2069"
	if t.Dir() == "ltr" && !strings.ContainsFunc(value, isFromRight) {
		return value
	}
	return firstStrong + value + end
}

// isFromRight reports whether a letter is written from right to left.
func isFromRight(r rune) bool {
	properties, _ := bidi.LookupRune(r)
	return properties.Class() == bidi.R || properties.Class() == bidi.AL
}

// Number writes a number of things of 0 or more, with what the language has between groups of
// three digits.
func (t *Texts) Number(number int) string {
	digits, group := strconv.Itoa(number), ","
	if t.Language() == "de" {
		group = "."
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + group + digits[at:]
	}
	return digits
}
