package view

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// FieldData is a field of a form, with what was typed into it.
type FieldData struct {
	form.Rules

	// Name is the field's, in the form and in the answer's violations; its id is made of it.
	Name, Label, Value string
	// Expected is whether most are to fill it in though HTML can't require it: what a choice in
	// the same form needs, which may still change.
	Expected bool
	// Hint says how to fill it in; empty for nothing.
	Hint string
	// Problem is what is wrong with it; empty for nothing.
	Problem string
	// Link is whether the token of a mailed link goes into it, which the script takes out of
	// the page's address.
	Link bool
	// Type, Autocomplete and InputMode are as HTML has them; empty for text, and for none.
	Type, Autocomplete, InputMode string
	// Dir is the direction of what is typed, where the language does not decide it.
	Dir string
	// Options are the choices of a Choice or of Radios.
	Options []Option
}

// ID is the field's id in the page.
func (f FieldData) ID() string {
	return strings.NewReplacer(".", "-", "_", "-", "[", "-", "]", "").Replace(f.Name)
}

func (f FieldData) inputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// ticked is the value of a Check.
func ticked(on bool) string {
	if on {
		return "1"
	}
	return ""
}

func (f FieldData) number(n int64) string { return strconv.FormatInt(n, 10) }

// problems are the fields with something wrong, in the order of the page.
func problems(fields []FieldData) []FieldData {
	var wrong []FieldData
	for _, field := range fields {
		if field.Problem != "" {
			wrong = append(wrong, field)
		}
	}
	return wrong
}

// described ties a field to its hint and to what is wrong with it.
func described(f FieldData) templ.Attributes {
	var by []string
	attributes := templ.Attributes{}
	if f.Hint != "" {
		by = append(by, f.ID()+"-hint")
	}
	if f.Problem != "" {
		attributes["aria-invalid"] = "true"
		by = append(by, f.ID()+"-error")
	}
	if len(by) > 0 {
		attributes["aria-describedby"] = strings.Join(by, " ")
	}
	return attributes
}

// grouped parts a secret into groups of four, as people type it.
func grouped(secret string) string {
	var b strings.Builder
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// SingleFormPage is a page that is one form.
type SingleFormPage struct {
	Heading string
	// Text says what the form is for; empty where its heading does.
	Text   string
	Notice NoticeData
	// Above stands before the form; nil for nothing.
	Above templ.Component
	// Action is where the form is sent, and Submit what its button says. Danger is whether what
	// it does can't be undone.
	Action, Submit string
	Danger         bool
	// Hidden are fields that nobody types.
	Hidden []Attribute
	Fields []FieldData
	// More are fields that few need, behind MoreText; MoreOpen shows them at once.
	More     []FieldData
	MoreText string
	MoreOpen bool
	// Links lead to what else somebody may have come for.
	Links []Link
}

// draftOf names what is typed into the only form of a page, and not sent yet. It is of one
// customer: another one who signs in within the same tab begins anew.
func draftOf(p Page) string { return p.Path + ":" + p.Customer }

// all are the fields in the order of the page.
func (d SingleFormPage) all() []FieldData {
	return append(append([]FieldData(nil), d.Fields...), d.More...)
}

func (d SingleFormPage) kind() string {
	if d.Danger {
		return "bad"
	}
	return ""
}
