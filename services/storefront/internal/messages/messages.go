// Package messages holds the texts of the pages, in each language.
package messages

import (
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Default is the language of addresses that name none.
const Default = "en"

// Offered are the languages of the pages, the default first.
func Offered() []string { return []string{Default, "de", "ar"} }

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
	for _, name := range Offered() {
		texts, err := load(files, name)
		if err != nil {
			return nil, fmt.Errorf("read the texts of the language %s: %w", name, err)
		}
		catalog.byLanguage[name] = texts
	}
	return catalog, nil
}

func load(files fs.FS, name string) (*Texts, error) {
	tag, err := language.Parse(name)
	if err != nil {
		return nil, err
	}
	found, err := fs.Glob(files, path.Join("messages", name, "*.json"))
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

// In returns the texts of a language, those of the default one for a language that is not
// offered.
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
func (t *Texts) Count(id string, count int) string {
	return t.format(&i18n.LocalizeConfig{MessageID: id, PluralCount: count, TemplateData: map[string]any{"Count": count}})
}

// Fill returns a text with values, given as name and value in turn.
func (t *Texts) Fill(id string, namesAndValues ...string) string {
	data := make(map[string]any, len(namesAndValues)/2)
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		data[namesAndValues[i]] = namesAndValues[i+1]
	}
	return t.format(&i18n.LocalizeConfig{MessageID: id, TemplateData: data})
}

func (t *Texts) format(config *i18n.LocalizeConfig) string {
	text, err := t.localize.Localize(config)
	if err != nil {
		return t.Say(config.MessageID)
	}
	return text
}
