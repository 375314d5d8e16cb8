package mail

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

func amountOf(code string, units int64, nanos int32) *money.Money {
	return &money.Money{CurrencyCode: code, Units: units, Nanos: nanos}
}

func notice(code string, unit *money.Money) *orderv1.OrderNotice {
	return &orderv1.OrderNotice{
		Number: "7K3M-Q2XD", Subtotal: unit, Total: unit,
		Lines:   []*orderv1.OrderLine{{ProductCode: "A", Name: "Lamp", UnitPrice: unit, Quantity: 1, Total: unit}},
		Contact: &orderv1.Contact{FirstName: "Ada", LastName: "Example", Email: "ada@example.com", Phone: "+49 1"},
	}
}

func render(t *testing.T, l Content) Rendered {
	t.Helper()
	templates, err := Parse()
	if err != nil {
		t.Fatal(err)
	}
	r, err := templates.Render(l, Version, domain.ShopDetails{Name: "Shop"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAmountsAreExactInEveryCurrency(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]*money.Money{
		"€12.34": amountOf("EUR", 12, 340_000_000), "€0.05": amountOf("EUR", 0, 50_000_000), "¥1,235": amountOf("JPY", 1235, 0),
		"KWD\u00a07.001": amountOf("KWD", 7, 1_000_000), "$92,233,720,368,547,758.07": amountOf("USD", 92233720368547758, 70_000_000),
	} {
		l, err := FromEvent(&orderv1.OrderConfirmed{Notice: notice(m.GetCurrencyCode(), m)})
		if err != nil {
			t.Fatal(err)
		}
		r := render(t, l)
		if n := strings.Count(r.Text, want); n != 4 || strings.Count(r.HTML, want) != 4 {
			t.Errorf("%s is there %d times, want 4:\n%s", want, n, r.Text)
		}
	}
}

func TestAnEventThatCantBeShownExactlyIsRefused(t *testing.T) {
	t.Parallel()
	good := func() *orderv1.OrderNotice { return notice("EUR", amountOf("EUR", 1, 0)) }
	for name, spoil := range map[string]func(*orderv1.OrderNotice){
		"no number":             func(n *orderv1.OrderNotice) { n.Number = " \n" },
		"a very long number":    func(n *orderv1.OrderNotice) { n.Number = strings.Repeat("x", 65) },
		"no total":              func(n *orderv1.OrderNotice) { n.Total = nil },
		"half a cent":           func(n *orderv1.OrderNotice) { n.Lines[0].UnitPrice = amountOf("EUR", 0, 5_000_000) },
		"signs that contradict": func(n *orderv1.OrderNotice) { n.Subtotal = amountOf("EUR", 1, -1_000_0000) },
		"no such currency":      func(n *orderv1.OrderNotice) { n.Lines[0].Total = amountOf("XXY", 1, 0) },
	} {
		n := good()
		spoil(n)
		if l, err := FromEvent(&orderv1.OrderConfirmed{Notice: n}); err == nil {
			t.Errorf("%s was taken: %+v", name, l)
		}
	}
	if _, err := FromEvent(&orderv1.OrderRefunded{Notice: good()}); err == nil {
		t.Error("a refund of nothing was taken")
	}
}

func TestWhatIsKeptRendersTheSame(t *testing.T) {
	t.Parallel()
	event := &orderv1.OrderCancelled{
		Notice: notice("EUR", amountOf("EUR", 1, 0)), Reason: orderv1.CancelReason_CANCEL_REASON_REQUESTED, Note: "a\nnote",
	}
	kept, err := Encode(event)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(kept), "+49 1") || event.GetNotice().GetContact().GetPhone() == "" {
		t.Error("the phone number is kept, or was taken from the caller")
	}
	read, err := Decode(domain.OrderCancelled, kept)
	if err != nil {
		t.Fatal(err)
	}
	direct, err := FromEvent(event)
	if err != nil {
		t.Fatal(err)
	}
	if first, second := render(t, direct), render(t, read); first != second {
		t.Errorf("rendered %+v, and from the mailbox %+v", first, second)
	}
	if _, err := Decode(domain.OrderCancelled, []byte("\xff")); err == nil {
		t.Error("garbage was decoded")
	}
}

// What customers type is text, in every place of every mail.
func TestNothingTypedBecomesMarkupOrAnotherLine(t *testing.T) {
	t.Parallel()
	const evil = "<script>alert(1)</script>\r\nBcc: eve@example.com\u2028<img src=x onerror=alert(1)> {{.Number}}"
	n := notice("EUR", amountOf("EUR", 1, 0))
	n.Number = "1\r\nBcc: eve"
	n.Contact.FirstName, n.Contact.LastName, n.Lines[0].Name, n.Lines[0].ProductCode = evil, evil, evil, evil
	n.Adjustments = []*orderv1.Adjustment{{Label: evil, Amount: amountOf("EUR", 1, 0)}}
	for _, event := range []Event{
		&orderv1.OrderConfirmed{Notice: n},
		&orderv1.OrderCancelled{Notice: n, Reason: orderv1.CancelReason_CANCEL_REASON_REQUESTED, Note: evil},
		&orderv1.OrderRefunded{Notice: n, Amount: amountOf("EUR", 1, 0), Refunded: amountOf("EUR", 1, 0), Reason: evil},
		&orderv1.OrderShipped{Notice: n, Shipment: &orderv1.Shipment{Carrier: evil, TrackingCode: evil}},
		&orderv1.OrderUpdated{
			Notice: n, Shipment: &orderv1.Shipment{Carrier: evil, TrackingCode: evil},
			ChangedFields: &fieldmaskpb.FieldMask{Paths: []string{"contact.first_name", "shipment.carrier", "shipment.tracking_code"}},
		},
	} {
		l, err := FromEvent(event)
		if err != nil {
			t.Fatal(err)
		}
		r := render(t, l)
		if strings.ContainsAny(r.Subject, "\r\n") {
			t.Errorf("%s: the subject is %q", l.Kind, r.Subject)
		}
		for line := range strings.SplitSeq(r.Text, "\n") {
			if strings.HasPrefix(line, "Bcc:") {
				t.Errorf("%s: the text has a line %q", l.Kind, line)
			}
		}
		if tags := tagsOf(t, r.HTML); tags["script"]+tags["img"] != 0 {
			t.Errorf("%s: the HTML has the tags %v", l.Kind, tags)
		}
	}
}

func TestTheHTMLIsWellFormedAndAccessible(t *testing.T) {
	t.Parallel()
	for kind := domain.OrderConfirmed; kind <= domain.LastKind; kind++ {
		r := render(t, Sample(kind, domain.English))
		tags := tagsOf(t, r.HTML)
		if tags["html"] != 1 || tags["h1"] != 1 || tags["title"] != 1 || tags["script"] != 0 {
			t.Errorf("%s: the tags are %v", kind, tags)
		}
		links := 0
		switch {
		case !kind.AboutAccount():
			links = 2 // the order's, and where another is requested
		case kind.HasLink():
			links = 1
		}
		if tags["a"] != links {
			t.Errorf("%s: the links' tags are %v", kind, tags)
		}
		hasLines := kind != domain.OrderRefunded && kind != domain.OrderLink && !kind.AboutAccount()
		if hasLines && (tags["table"] != 1 || tags["caption"] != 1 || tags["thead"] != 1) {
			t.Errorf("%s: the table's tags are %v", kind, tags)
		}
		for _, leftover := range []string{"{{", "}}", "ZgotmplZ", "<no value>", "%!"} {
			if strings.Contains(r.HTML+r.Text+r.Subject, leftover) {
				t.Errorf("%s: %q is left over", kind, leftover)
			}
		}
	}
}

// tagsOf counts the elements, and fails on one that is not closed.
func tagsOf(t *testing.T, text string) map[string]int {
	t.Helper()
	tags := map[string]int{}
	var open []string
	tokens := xml.NewDecoder(strings.NewReader(text))
	tokens.Strict, tokens.Entity = false, xml.HTMLEntity
	for {
		token, err := tokens.RawToken()
		if err != nil {
			if !errors.Is(err, io.EOF) || len(open) != 0 {
				t.Errorf("the HTML ends with %v open (%v)", open, err)
			}
			return tags
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			tags[name]++
			if name != "meta" && name != "br" {
				open = append(open, name)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != token.Name.Local {
				t.Errorf("</%s> closes %v", token.Name.Local, open)
				return tags
			}
			open = open[:len(open)-1]
		}
	}
}

func TestAnErasedContactStillRenders(t *testing.T) {
	t.Parallel()
	n := notice("EUR", amountOf("EUR", 1, 0))
	n.Contact = nil
	l, err := FromEvent(&orderv1.OrderConfirmed{Notice: proto.CloneOf(n)})
	if err != nil {
		t.Fatal(err)
	}
	if r := render(t, l); !strings.HasPrefix(r.Text, "Hello,\n") {
		t.Errorf("the text begins %q", r.Text[:20])
	}
}

func TestAnUnknownTemplateIsAnError(t *testing.T) {
	t.Parallel()
	templates, err := Parse()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := templates.Render(Sample(domain.OrderConfirmed, domain.English), 0, domain.ShopDetails{Name: "Shop"}); err == nil {
		t.Error("a template that there is not was rendered")
	}
	if _, err := templates.Render(Sample(domain.LastKind+1, domain.English), Version, domain.ShopDetails{Name: "Shop"}); err == nil {
		t.Error("a kind that there is not was rendered")
	}
}
