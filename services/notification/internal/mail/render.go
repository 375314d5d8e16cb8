package mail

import (
	"embed"
	"fmt"
	"html"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// Version is the templates' version that new mails are rendered with.
const Version = 7

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
	writings   map[edition]writing
	// texts are those of the newest version.
	texts map[domain.Language]texts
}

// edition is a version of the templates in a language.
type edition struct {
	version  int
	language domain.Language
}

type name struct {
	edition
	kind domain.Kind
}

// Parse reads the templates that the program carries.
func Parse() (*Templates, error) {
	t := &Templates{
		text: map[name]*template.Template{}, html: map[name]*template.Template{},
		writings: map[edition]writing{}, texts: map[domain.Language]texts{},
	}
	for version := 1; version <= Version; version++ {
		for _, language := range domain.Languages() {
			if err := t.parse(edition{version, language}); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// parse reads the templates that a version has in a language.
func (t *Templates) parse(e edition) error {
	t.writings[e] = formerWriting(e.language)
	var says texts
	if e.version >= firstWithTexts {
		var err error
		if says, err = readTexts(e.version, e.language); err != nil {
			return err
		}
		t.writings[e], t.texts[e.language] = newWriting(e.language, says), says
	}
	for kind := domain.OrderConfirmed; kind <= lastKind(e.version); kind++ {
		if !slices.Contains(languages(e.version, kind), e.language) {
			continue
		}
		n := name{e, kind}
		for ending, into := range map[string]map[name]*template.Template{".txt": t.text, ".html": t.html} {
			parsed, err := parsePage(n, ending, says)
			if err != nil {
				return err
			}
			into[n] = parsed
		}
	}
	return nil
}

// parsePage reads the layout and the body of a kind of mail.
func parsePage(n name, ending string, says texts) (*template.Template, error) {
	folder := fmt.Sprintf("templates/v%d/", n.version)
	if n.version < firstWithTexts && n.language != domain.English {
		folder += string(n.language) + "/"
	}
	body := strings.ToLower(n.kind.String())
	if n.kind.AboutAccount() {
		body = "account"
	}
	page := template.New("page").Option("missingkey=error")
	for _, file := range []string{folder + "layout" + ending, folder + body + ending} {
		content, err := files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		source := string(content)
		if n.version >= firstWithTexts {
			if source, err = (filling{says, n.kind, n.language, ending == ".html"}).fill(source); err != nil {
				return nil, fmt.Errorf("fill %s with texts: %w", file, err)
			}
		}
		if _, err := page.New(path.Base(file)).Parse(source); err != nil {
			return nil, fmt.Errorf("parse %s: %w", file, err)
		}
	}
	return page.Lookup("page"), nil
}

// Subject returns the usual subject of a kind of mail.
func (t *Templates) Subject(kind domain.Kind, language domain.Language) string {
	return t.texts[language].subject(kind)
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
	Changes                     []pageChange
	Kind, Link, Time            string
	// OrderLink opens the order; on FindPage another link to it is requested.
	OrderLink, FindPage string
	LegalNotices        []pageNotice
}

type pageLine struct{ Quantity, Name, Code, UnitPrice, Total string }

type pageAdjustment struct{ Label, Amount string }

type pageChange struct{ Label, Value string }

type pageNotice struct{ Label, URL string }

type pageRefund struct{ Amount, Sum, Reason string }

func newPage(l Content, says writing, shop domain.ShopDetails, escape func(string) string) page {
	p := page{
		Subject: escape(line(l.Subject)), Shop: escape(line(shop.Name)), Number: escape(l.Number), Name: escape(l.Name),
		Subtotal: escape(says.amount(l.Subtotal)), Total: escape(says.amount(l.Total)), Cancelled: l.Cancelled,
		Refund:   pageRefund{escape(says.amount(l.Refund.Amount)), escape(says.amount(l.Refund.Sum)), escape(l.Refund.Reason)},
		Shipment: Shipment{escape(l.Shipment.Carrier), escape(l.Shipment.TrackingCode)},
	}
	p.Cancelled.Note = escape(l.Cancelled.Note)
	p.Kind = l.Kind.String()
	if l.Kind.AboutAccount() {
		p.Link, p.Time = escape(l.Link), escape(says.time(l.Time))
	} else {
		p.OrderLink, p.FindPage = escape(l.Link), escape(domain.FindPage(l.Link, l.LanguageCode))
	}
	for notice, address := range shop.LegalNotices {
		if address != "" {
			p.LegalNotices = append(p.LegalNotices, pageNotice{escape(says.notice(domain.LegalNotice(notice))), escape(line(address))})
		}
	}
	for _, from := range deliveryLines(l.Delivery, says.regions) {
		p.Delivery = append(p.Delivery, escape(from))
	}
	for _, from := range l.Changes {
		change := says.change(from)
		p.Changes = append(p.Changes, pageChange{escape(change.Label), escape(change.Value)})
	}
	for _, from := range l.Lines {
		p.Lines = append(p.Lines, pageLine{
			strconv.Itoa(int(from.Quantity)), escape(from.Name), escape(from.Code), escape(says.amount(from.UnitPrice)), escape(says.amount(from.Total)),
		})
	}
	for _, from := range l.Adjustments {
		p.Adjustments = append(p.Adjustments, pageAdjustment{escape(says.label(from)), escape(says.amount(from.Amount))})
	}
	return p
}

func plain(text string) string { return text }

// Render makes a mail's texts with one version of the templates, in a shop's name. A mail that a
// newer program requested, with a version that this one does not have, is written with the newest
// that it has: during a rollout, and after a return to the program before, it is sent at once.
func (t *Templates) Render(l Content, version int, shop domain.ShopDetails) (Rendered, error) {
	version = min(version, Version)
	n := name{edition{version, domain.English}, l.Kind}
	if language := l.Language(); slices.Contains(languages(version, l.Kind), language) {
		n.language = language
	}
	inText, inHTML := t.text[n], t.html[n]
	if inText == nil || inHTML == nil {
		return Rendered{}, fmt.Errorf("there is no version %d of the template %s", version, l.Kind)
	}
	asText, err := execute(inText, newPage(l, t.writings[n.edition], shop, plain))
	if err != nil {
		return Rendered{}, fmt.Errorf("render the text of %s: %w", l.Kind, err)
	}
	asHTML, err := execute(inHTML, newPage(l, t.writings[n.edition], shop, html.EscapeString))
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

// SubjectValues returns what the subject of a mail may name, with plain spaces, as a header has
// them.
func SubjectValues(l Content) domain.SubjectValues {
	values := domain.SubjectValues{Number: l.Number}
	if l.Kind == domain.OrderRefunded {
		values.Amount = line(amountsIn(l.Language())(l.Refund.Amount))
	}
	return values
}
