package mail

import (
	"embed"
	"fmt"
	"html"
	"strconv"
	"strings"
	"text/template"

	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// Version is the templates' version that new mails are rendered with.
const Version = 5

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
	text, html map[name]*template.Template
}

type name struct {
	version  int
	kind     domain.Kind
	language domain.Language
}

// Parse reads the templates that the program carries.
func Parse() (*Templates, error) {
	t := &Templates{text: map[name]*template.Template{}, html: map[name]*template.Template{}}
	for version := 1; version <= Version; version++ {
		for kind := domain.OrderConfirmed; kind <= lastKind(version); kind++ {
			for _, language := range languages(version, kind) {
				if err := t.parse(name{version, kind, language}); err != nil {
					return nil, err
				}
			}
		}
	}
	return t, nil
}

// lastKind is the highest kind that a version has a template for: corrections were not
// mailed yet when the first was written, and links alone not before the fifth.
func lastKind(version int) domain.Kind {
	switch {
	case version == 1:
		return domain.OrderShipped
	case version < firstInLanguages:
		return domain.TotpChanged
	default:
		return domain.LastKind
	}
}

// firstInLanguages is the first version with texts in other languages than English.
const firstInLanguages = 5

// languages are those that a version has a kind's template in.
func languages(version int, kind domain.Kind) []domain.Language {
	if version >= firstInLanguages && domain.LanguageOf(kind, string(domain.German)) == domain.German {
		return []domain.Language{domain.English, domain.German}
	}
	return []domain.Language{domain.English}
}

func (t *Templates) parse(n name) error {
	folder := fmt.Sprintf("templates/v%d/", n.version)
	if n.language != domain.English {
		folder += string(n.language) + "/"
	}
	file := folder + strings.ToLower(n.kind.String())
	if n.kind.AboutAccount() {
		file = folder + "account"
	}
	for ending, into := range map[string]map[name]*template.Template{".txt": t.text, ".html": t.html} {
		parsed, err := template.New("page").Option("missingkey=error").ParseFS(files, folder+"layout"+ending, file+ending)
		if err != nil {
			return fmt.Errorf("parse %s%s: %w", file, ending, err)
		}
		into[n] = parsed.Lookup("page")
	}
	return nil
}

// page is what the templates see: flat, and of strings, because templates look
// fields up by name and print what is no string by reflection. Its strings are
// escaped for the template's language already, once each: html/template, which
// escapes by reflection at each use, was a fifth of what a mail cost. So a value may
// stand between HTML's tags and in quoted attributes, and nowhere else: not in a URL,
// a style or a script.
type page struct {
	Subject, Shop, Number, Name string
	Lines                       []pageLine
	Adjustments                 []pageAdjustment
	Subtotal, Total             string
	Delivery                    []string
	Cancelled                   Cancellation
	Refund                      pageRefund
	Shipment                    Shipment
	Changes                     []Change
	Kind, Link, OrderLink, Time string
	LegalNotices                []pageNotice
}

type pageLine struct{ Quantity, Name, Code, UnitPrice, Total string }

type pageAdjustment struct{ Label, Amount string }

type pageNotice struct{ Label, URL string }

type pageRefund struct{ Amount, Sum, Reason string }

func newPage(l Content, language domain.Language, shop domain.ShopDetails, escape func(string) string) page {
	p := page{
		Subject: escape(line(l.Subject)), Shop: escape(line(shop.Name)), Number: escape(l.Number), Name: escape(l.Name),
		Subtotal: escape(l.Subtotal.String()), Total: escape(l.Total.String()), Cancelled: l.Cancelled,
		Refund:   pageRefund{escape(l.Refund.Amount.String()), escape(l.Refund.Sum.String()), escape(l.Refund.Reason)},
		Shipment: Shipment{escape(l.Shipment.Carrier), escape(l.Shipment.TrackingCode)},
	}
	says := wordsOf(language)
	p.Cancelled.Note = escape(l.Cancelled.Note)
	p.Kind, p.Time = l.Kind.String(), escape(l.Time)
	if l.Kind.AboutAccount() {
		p.Link = escape(l.Link)
	} else {
		p.OrderLink = escape(l.Link)
	}
	for notice, address := range shop.LegalNotices {
		if address != "" {
			p.LegalNotices = append(p.LegalNotices, pageNotice{says.notice(domain.LegalNotice(notice)), escape(line(address))})
		}
	}
	for _, from := range l.Delivery {
		p.Delivery = append(p.Delivery, escape(from))
	}
	for _, from := range l.Changes {
		p.Changes = append(p.Changes, Change{escape(from.Label), escape(from.Value)})
	}
	for _, from := range l.Lines {
		p.Lines = append(p.Lines, pageLine{
			strconv.Itoa(int(from.Quantity)), escape(from.Name), escape(from.Code), escape(from.UnitPrice.String()), escape(from.Total.String()),
		})
	}
	for _, from := range l.Adjustments {
		p.Adjustments = append(p.Adjustments, pageAdjustment{escape(says.label(from)), escape(from.Amount.String())})
	}
	return p
}

func plain(text string) string { return text }

// Render makes a mail's texts with one version of the templates, in a shop's name.
func (t *Templates) Render(l Content, version int, shop domain.ShopDetails) (Rendered, error) {
	n := name{version, l.Kind, domain.English}
	if version >= firstInLanguages {
		n.language = l.Language()
	}
	inText, inHTML := t.text[n], t.html[n]
	if inText == nil || inHTML == nil {
		return Rendered{}, fmt.Errorf("there is no version %d of the template %s", version, l.Kind)
	}
	asText, err := execute(inText, newPage(l, n.language, shop, plain))
	if err != nil {
		return Rendered{}, fmt.Errorf("render the text of %s: %w", l.Kind, err)
	}
	asHTML, err := execute(inHTML, newPage(l, n.language, shop, html.EscapeString))
	if err != nil {
		return Rendered{}, fmt.Errorf("render the HTML of %s: %w", l.Kind, err)
	}
	return Rendered{Subject: l.Subject, Text: asText, HTML: asHTML}, nil
}

func execute(t *template.Template, p page) (string, error) {
	var text strings.Builder
	const usual = 6 << 10 // HTML of three lines
	text.Grow(usual)
	err := t.Execute(&text, p)
	return text.String(), err
}

// SubjectValues returns what the subject of a mail may name.
func SubjectValues(l Content) domain.SubjectValues {
	values := domain.SubjectValues{Number: l.Number}
	if l.Kind == domain.OrderRefunded {
		values.Amount = l.Refund.Amount.String()
	}
	return values
}
