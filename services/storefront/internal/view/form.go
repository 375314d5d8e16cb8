package view

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// Field is a field of a form, with what was typed into it.
type Field struct {
	form.Rules

	// Name is the field's, in the form and in the answer's violations; its id is made of it.
	Name, Label, Value string
	// Problem is what is wrong with it; empty for nothing.
	Problem string
	// Type, Autocomplete and InputMode are as HTML has them; empty for text, and for none.
	Type, Autocomplete, InputMode string
	// Dir is the direction of what is typed, where the language does not decide it.
	Dir string
	// Options are the choices of a Select or of Radios.
	Options []Option
}

// ID is the field's id in the page.
func (f Field) ID() string {
	return strings.NewReplacer(".", "-", "_", "-", "[", "-", "]", "").Replace(f.Name)
}

func (f Field) inputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Field) number(n int64) string { return strconv.FormatInt(n, 10) }

// problems are the fields with something wrong, in the order of the page.
func problems(fields []Field) []Field {
	var wrong []Field
	for _, field := range fields {
		if field.Problem != "" {
			wrong = append(wrong, field)
		}
	}
	return wrong
}

// invalid ties a field to what is wrong with it.
func invalid(f Field) templ.Attributes {
	if f.Problem == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": f.ID() + "-error"}
}
