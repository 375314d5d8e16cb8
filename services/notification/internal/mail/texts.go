package mail

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"text/template"

	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// texts are those of one language, by id. They belong to a version of the templates and lie
// beside them, because a mail that was sent is shown with the words that it was sent with
// (docs/decisions/0090-mails-have-their-texts-beside-them.md).
type texts map[string]string

// readTexts reads the texts of a version in a language.
func readTexts(version int, language domain.Language) (texts, error) {
	file := fmt.Sprintf("templates/v%d/%s.json", version, language)
	content, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var read texts
	if err := json.Unmarshal(content, &read); err != nil {
		return nil, fmt.Errorf("parse %s: %w", file, err)
	}
	return read, nil
}

// subject is the usual subject of a kind of mail. Those of mails about accounts name no person.
func (t texts) subject(kind domain.Kind) string { return t[ownID(kind, "subject")] }

// ownID is the id of a text that only one kind of mail has.
func ownID(kind domain.Kind, id string) string { return strings.ToLower(kind.String()) + "." + id }

// filling is what a template's source is filled with to be one of a language.
type filling struct {
	texts    texts
	kind     domain.Kind
	language domain.Language
	html     bool
}

// Language, Dir, AboutAccount and HasLink are for the source.
func (f filling) Language() domain.Language { return f.language }

// Dir is the direction that the language is written in, as HTML has it.
func (f filling) Dir() string {
	if f.language == domain.Arabic {
		return "rtl"
	}
	return "ltr"
}

// AboutAccount reports that the subject is the heading, too.
func (f filling) AboutAccount() bool { return f.kind.AboutAccount() }

// HasLink reports that the mail is about a link.
func (f filling) HasLink() bool { return f.kind.HasLink() }

// fill returns the source of a template with the texts in it. It is done once, before the
// template is parsed, so that rendering a mail looks up no text: in the source, [[say "id"]] is
// a text, [[own "id"]] one of this kind of mail, and [[value ".Field"]] a value.
func (f filling) fill(source string) (string, error) {
	parsed, err := template.New("").Delims("[[", "]]").Funcs(template.FuncMap{
		"say": f.say, "own": func(id string) (string, error) { return f.say(ownID(f.kind, id)) }, "value": f.value,
	}).Parse(source)
	if err != nil {
		return "", err
	}
	var filled strings.Builder
	err = parsed.Execute(&filled, f)
	return filled.String(), err
}

// placeholder is where a text has a value.
var placeholder = regexp.MustCompile(`\{\{(\.[A-Za-z.]+)\}\}`)

// say returns a text, in which the values are what value returns.
func (f filling) say(id string) (string, error) {
	text, ok := f.texts[id]
	if !ok {
		return "", fmt.Errorf("there is no text %q in the language %s", id, f.language)
	}
	if f.html {
		text = html.EscapeString(text)
	}
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		return f.value(placeholder.FindStringSubmatch(found)[1])
	}), nil
}

// value returns the action that writes a value, isolated from the text around it: by an
// element in HTML, and in the plain text of a language that is written from right to left by
// Unicode's isolates (FSI, PDI), because codes and names may run the other way.
func (f filling) value(field string) string {
	action := "{{" + field + "}}"
	switch {
	case f.html && (field == ".Number" || field == ".Refund.Amount"):
		return `<strong><bdi dir="auto">` + action + `</bdi></strong>`
	case f.html:
		return `<bdi dir="auto">` + action + `</bdi>`
	case f.Dir() == "rtl":
		return "\u2068" + action + "\u2069"
	default:
		return action
	}
}
