package view_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
	"github.com/shopmesh/shopmesh/web"
)

// mark stands in place of every text and every name.
const mark = "§"

// marked are texts that all are mark.
func marked(t *testing.T) *messages.Texts {
	t.Helper()
	files := fstest.MapFS{}
	for _, language := range messages.Languages() {
		names, err := fs.Glob(web.Files(), "messages/"+language+"/*.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			files[name] = &fstest.MapFile{Data: allMarked(t, name)}
		}
	}
	catalog, err := messages.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return catalog.In(messages.Default)
}

func allMarked(t *testing.T, name string) []byte {
	t.Helper()
	content, err := fs.ReadFile(web.Files(), name)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	for id := range all {
		all[id] = mark
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func pages(t *testing.T) map[string]templ.Component {
	t.Helper()
	p := view.Page{
		Standard: messages.Default, Cart: mark, Texts: marked(t), Title: mark, Path: "/", PublicURL: "https://shop.example", Query: mark, Things: 2, Data: `{"a":1}`, Description: mark,
		Shop:      view.Shop{Name: mark, Announcement: mark, Accent: "teal", Legal: []view.Link{{Text: mark, Href: "https://shop.example/terms"}}},
		Languages: []view.Language{{Tag: "en", Name: mark, Href: "/"}},
		Links:     view.Links{Style: "/assets/shop.css", Script: "/assets/enhance.js", Motifs: "/assets/motifs.svg", Icon: "/assets/icon.svg"},
	}
	product := &catalogv1.Product{
		Id: mark, Code: mark, Name: mark, Description: mark, CategoryId: mark, Price: &money.Money{CurrencyCode: "EUR", Units: 1}, AvailableQuantity: 3,
		Images: []*catalogv1.ProductImage{{Url: "https://pictures.example/1.jpg", AltText: mark}},
	}
	lines := []*orderv1.OrderLine{{Name: mark, Quantity: 2, Total: product.GetPrice()}}
	adjustments := []*orderv1.Adjustment{{Label: mark, Amount: product.GetPrice()}}
	fields := make(map[string]view.FieldData)
	for _, name := range form.CheckoutFields() {
		fields[name] = view.FieldData{Name: name, Rules: form.CheckoutRules(name), Label: mark, Value: mark, Problem: mark, Options: []view.Option{{Value: "1", Text: mark}}}
	}
	link, both := view.Link{Text: mark, Href: "/"}, []*catalogv1.Product{product, {Name: mark, Code: "2", Price: product.GetPrice()}}
	return map[string]templ.Component{
		"home":          view.Home(p, view.HomePage{Categories: []view.Link{link}, Newest: both}),
		"an empty home": view.Home(p, view.HomePage{}),
		"list": view.List(p, view.ListPage{
			Heading: mark, Description: mark, Breadcrumb: []view.Link{link}, Subcategories: []view.Link{link}, Products: both, Count: mark,
			Filter: view.FilterBarData{Action: "/", Min: mark, MinError: mark, Sorts: []view.Option{{Value: "new", Text: mark}}, Clear: "/"},
			Pager:  view.PagerData{Number: 2, First: "/", Next: "/"},
		}),
		"an empty list":          view.List(p, view.ListPage{Heading: mark, Empty: mark, Step: link}),
		"product":                view.Product(p, view.ProductPage{Product: product, Breadcrumb: []view.Link{link}, Attributes: []view.Attribute{{Name: mark, Value: mark}}, Related: both, Delivery: view.Delivery{Sent: mark, ShipsTo: mark, Shipping: "/"}}),
		"product, parts missing": view.Product(p, view.ProductPage{Product: product, NoCategories: true, NoRelated: true}),
		"cart": view.Cart(p, view.CartPage{
			Notice: view.NoticeData{Kind: "good", Text: mark}, Changes: []string{mark}, NoStock: true, Orderable: true, Total: product.GetPrice(), Removed: product, RemovedQuantity: 1,
			Lines: []view.CartLineData{
				{CartLine: &orderv1.CartLine{ProductCode: mark, Quantity: 2, Name: mark, UnitPrice: product.GetPrice(), Total: product.GetPrice()}, Short: true, Available: 1},
				{CartLine: &orderv1.CartLine{ProductCode: "2", Quantity: 2}, Unavailable: true},
			},
		}),
		"an empty cart": view.Cart(p, view.CartPage{LastOrder: mark}),
		"checkout": view.Checkout(p, view.CheckoutPage{
			Notice: view.NoticeData{Kind: "bad", Text: mark}, Changes: []string{mark}, Lines: lines, Adjustments: adjustments, Total: product.GetPrice(),
			Fields: fields, Checkout: "1", Seen: []string{mark}, Expected: "1",
		}),
		"checkout of an account": view.Checkout(p, view.CheckoutPage{
			Lines: lines, Total: product.GetPrice(), Fields: fields, SignedIn: true, Saved: view.FieldData{Name: "saved", Label: mark, Options: []view.Option{{Value: "1", Text: mark}}},
		}),
		"order": view.Order(p, view.OrderPage{
			Order: &orderv1.Order{
				Number: mark, Lines: lines, Adjustments: adjustments, Total: product.GetPrice(), Contact: &orderv1.Contact{FirstName: mark, LastName: mark, Email: mark},
				ShippingAddress: &postaladdress.PostalAddress{AddressLines: []string{mark}, Locality: mark, Organization: mark, AdministrativeArea: mark},
				Shipment:        &orderv1.Shipment{Carrier: mark, TrackingCode: mark},
			},
			Notice: view.NoticeData{Kind: "bad", Text: mark}, State: mark, Steps: []view.Step{{Text: mark, Done: true, Time: "1", Machine: "1"}, {Text: mark}},
			PayURL: "https://pay.example/", TrackingURL: "https://post.example/", Claim: "/", SignIn: "/", Cancel: mark, Refunded: mark, Country: mark, Method: mark, Imprint: []string{mark}, ImprintIn: "de",
		}),
		"an order that waits": view.Order(p, view.OrderPage{Order: &orderv1.Order{Number: mark, Total: product.GetPrice()}, State: mark, Waits: true}),
		"legal text":          view.Legal(p, view.LegalPage{Heading: mark, Language: "de", Blocks: view.ReadLegal("# " + mark + "\n" + mark + "\n- " + mark)}),
		"a form": view.SingleForm(p, view.SingleFormPage{
			Heading: mark, Text: mark, Notice: view.NoticeData{Kind: "good", Text: mark}, Action: "/", Submit: mark, Links: []view.Link{link}, MoreText: mark,
			Fields: []view.FieldData{{Name: "number", Label: mark, Problem: mark, Hint: mark}}, More: []view.FieldData{{Name: "code", Label: mark}},
		}),
		"a second factor": view.SingleForm(p, view.SingleFormPage{Heading: mark, Above: view.FactorSecret(p.Texts, mark, "otpauth://totp/1"), Action: "/", Submit: mark}),
		"recovery codes":  view.SingleForm(p, view.SingleFormPage{Heading: mark, Above: view.RecoveryCodes([]string{mark}), Action: "/", Submit: mark}),
		"account":         view.Account(p, view.AccountPage{Notice: view.NoticeData{Kind: "good", Text: mark}, Email: mark, Links: []view.Link{link}}),
		"addresses": view.Addresses(p, view.AddressesPage{Notice: view.NoticeData{Kind: "good", Text: mark}, Add: "/", Addresses: []view.SavedAddress{{
			Address: &customerv1.Address{Label: mark, PostalAddress: &postaladdress.PostalAddress{AddressLines: []string{mark}, Locality: mark, PostalCode: mark}}, Country: mark, Prefer: "/",
		}, {Address: &customerv1.Address{}}}}),
		"no addresses": view.Addresses(p, view.AddressesPage{}),
		"address":      view.Address(p, view.AddressPage{Heading: mark, Notice: view.NoticeData{Kind: "bad", Text: mark}, Fields: fields, Label: view.FieldData{Name: "label", Label: mark}}),
		"own orders":   view.OwnOrders(p, view.OwnOrdersPage{Orders: []view.OwnOrder{{Number: mark, State: mark, Total: mark, Time: mark}}, Pager: view.PagerData{Number: 1, Next: "/"}}),
		"sessions": view.Sessions(p, view.SessionsPage{Notice: view.NoticeData{Kind: "good", Text: mark}, Sessions: []view.ActiveSession{
			{ActiveSession: &identityv1.ActiveSession{Agent: mark, AddressPrefix: mark}, Began: mark, Used: mark, End: "/"}, {ActiveSession: &identityv1.ActiveSession{Agent: mark}},
		}}),
		"no orders": view.OwnOrders(p, view.OwnOrdersPage{}),
		"problem":   view.Problem(p, view.ProblemPage{Heading: mark, Text: mark, Reference: mark, Step: link, Related: both}),
	}
}

// Every page is among those that are looked at here.
func TestEveryPageIsLookedAt(t *testing.T) {
	t.Parallel()
	own, err := os.ReadFile("view_test.go")
	if err != nil {
		t.Fatal(err)
	}
	templates, err := filepath.Glob("*.templ")
	if err != nil || len(templates) == 0 {
		t.Fatalf("there are no templates: %v", err)
	}
	for _, name := range templates {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range regexp.MustCompile(`(?m)^templ (\w+)\(.*\n\t@Layout\(p\)`).FindAllSubmatch(source, -1) {
			if !bytes.Contains(own, []byte("view."+string(page[1])+"(p, ")) {
				t.Errorf("%s of %s is not among the pages here", page[1], name)
			}
		}
	}
}

// silent is what may stand between texts: signs, and amounts.
var silent = regexp.MustCompile(`^[§\s\d·:.,€]*$`)

// Every text that a page shows, or reads out, is one of the messages.
func TestEveryTextIsAMessage(t *testing.T) {
	t.Parallel()
	for name, component := range pages(t) {
		var body bytes.Buffer
		if err := component.Render(t.Context(), &body); err != nil {
			t.Fatal(err)
		}
		tokens := html.NewTokenizer(bytes.NewReader(body.Bytes()))
		script := false
		for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
			token := tokens.Token()
			switch kind {
			case html.StartTagToken, html.SelfClosingTagToken:
				script = token.Data == "script"
				for _, attribute := range token.Attr {
					shown := strings.HasPrefix(attribute.Key, "aria-label") && attribute.Key != "aria-labelledby" ||
						attribute.Key == "placeholder" || attribute.Key == "alt" || attribute.Key == "title"
					if shown && !silent.MatchString(attribute.Val) {
						t.Errorf("%s: %s=%q is no message", name, attribute.Key, attribute.Val)
					}
				}
			case html.TextToken:
				if !script && !silent.MatchString(token.Data) {
					t.Errorf("%s: %q is no message", name, token.Data)
				}
			case html.EndTagToken:
				script = false
			default:
			}
		}
	}
}
