package letter

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"

	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// Version is the templates' version that new mails are rendered with.
const Version = 1

//go:embed templates
var files embed.FS

// Rendered is a mail's texts.
type Rendered struct {
	Subject string
	Text    string
	HTML    string
}

// Templates are all versions of all templates, parsed.
type Templates struct {
	text map[name]*texttemplate.Template
	html map[name]*htmltemplate.Template
}

type name struct {
	version int
	kind    domain.Kind
}

// Parse reads the templates that the program carries.
func Parse() (*Templates, error) {
	t := &Templates{text: map[name]*texttemplate.Template{}, html: map[name]*htmltemplate.Template{}}
	for version := 1; version <= Version; version++ {
		for kind := domain.OrderConfirmed; kind <= domain.OrderShipped; kind++ {
			if err := t.parse(name{version, kind}); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func (t *Templates) parse(n name) error {
	folder := fmt.Sprintf("templates/v%d/", n.version)
	file := folder + strings.ToLower(n.kind.String())
	text, err := texttemplate.New("page").Option("missingkey=error").ParseFS(files, folder+"layout.txt", file+".txt")
	if err != nil {
		return fmt.Errorf("parse %s.txt: %w", file, err)
	}
	html, err := htmltemplate.New("page").Option("missingkey=error").ParseFS(files, folder+"layout.html", file+".html")
	if err != nil {
		return fmt.Errorf("parse %s.html: %w", file, err)
	}
	t.text[n], t.html[n] = text.Lookup("page"), html.Lookup("page")
	return nil
}

// page is what the templates see.
type page struct {
	Letter
	Subject string
	Shop    string
}

// Render makes a mail's texts with one version of the templates, in a shop's name.
func (t *Templates) Render(l Letter, version int, shop string) (Rendered, error) {
	n := name{version, l.Kind}
	text, html := t.text[n], t.html[n]
	if text == nil || html == nil {
		return Rendered{}, fmt.Errorf("there is no version %d of the template %s", version, l.Kind)
	}
	p := page{Letter: l, Subject: Subject(l), Shop: line(shop)}
	var buffer bytes.Buffer
	if err := text.Execute(&buffer, p); err != nil {
		return Rendered{}, fmt.Errorf("render the text of %s: %w", l.Kind, err)
	}
	r := Rendered{Subject: p.Subject, Text: buffer.String()}
	buffer.Reset()
	if err := html.Execute(&buffer, p); err != nil {
		return Rendered{}, fmt.Errorf("render the HTML of %s: %w", l.Kind, err)
	}
	r.HTML = buffer.String()
	return r, nil
}

// Subject is a mail's subject line.
func Subject(l Letter) string {
	switch l.Kind {
	case domain.OrderConfirmed:
		return "Order " + l.Number + " confirmed"
	case domain.OrderCancelled:
		return "Order " + l.Number + " cancelled"
	case domain.OrderRefunded:
		return "Order " + l.Number + ": refund of " + l.Refund.Amount.String()
	case domain.OrderShipped:
		return "Order " + l.Number + " is on its way"
	default:
		return "Order " + l.Number
	}
}
