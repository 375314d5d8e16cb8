// Package messages holds the texts of the pages, in each language.
package messages

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
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
	language string
	plain    map[string]string
	localize *i18n.Localizer
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
	bundle := i18n.NewBundle(tag)
	texts := &Texts{language: name, plain: make(map[string]string), localize: i18n.NewLocalizer(bundle, name)}
	for _, file := range found {
		content, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		// Its name states the language, and its form, to the parser.
		parsed, err := bundle.ParseMessageFileBytes(content, name+".json")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, message := range parsed.Messages {
			texts.plain[message.ID] = message.Other
		}
	}
	return texts, nil
}

// In returns the texts of a language, those of the default one for a language that has none.
func (c *Catalog) In(language string) *Texts {
	if texts, ok := c.byLanguage[language]; ok {
		return texts
	}
	return c.byLanguage[Default]
}

// Language is the language's tag, such as "de".
func (t *Texts) Language() string { return t.language }

// Dir is the direction that the language is written in, as HTML has it.
func (t *Texts) Dir() string {
	if slices.Contains([]string{"ar", "fa", "he", "ur"}, t.language) {
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

// Count returns a text about a number of things, in the form that the language has for it.
// Other values in it are given as name and value in turn.
func (t *Texts) Count(id string, count int, namesAndValues ...string) string {
	data := dataOf(namesAndValues)
	data["Count"] = t.Number(count)
	return t.format(&i18n.LocalizeConfig{MessageID: id, PluralCount: count, TemplateData: data})
}

// Fill returns a text with values, given as name and value in turn.
func (t *Texts) Fill(id string, namesAndValues ...string) string {
	return t.format(&i18n.LocalizeConfig{MessageID: id, TemplateData: dataOf(namesAndValues)})
}

func dataOf(namesAndValues []string) map[string]any {
	data := make(map[string]any, len(namesAndValues)/2)
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		data[namesAndValues[i]] = namesAndValues[i+1]
	}
	return data
}

// Number writes a number of things of 0 or more, with what the language has between groups of
// three digits.
func (t *Texts) Number(number int) string {
	digits, group := strconv.Itoa(number), ","
	if t.language == "de" {
		group = "."
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + group + digits[at:]
	}
	return digits
}

func (t *Texts) format(config *i18n.LocalizeConfig) string {
	text, err := t.localize.Localize(config)
	if err != nil {
		return t.Say(config.MessageID)
	}
	return text
}
