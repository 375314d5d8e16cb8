package view_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
	"google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
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
	for _, language := range messages.Offered() {
		content, err := fs.ReadFile(web.Files(), "messages/"+language+"/shop.json")
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
		files["messages/"+language+"/shop.json"] = &fstest.MapFile{Data: text}
	}
	catalog, err := messages.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return catalog.In(messages.Default)
}

func pages(t *testing.T) map[string]templ.Component {
	t.Helper()
	p := view.Page{
		Texts: marked(t), Title: mark, Path: "/", PublicURL: "https://shop.example", Query: mark, Data: `{"a":1}`, Description: mark,
		Shop:      view.Shop{Name: mark, Announcement: mark, Accent: "teal", Legal: []view.Link{{Text: mark, Href: "https://shop.example/terms"}}},
		Languages: []view.Language{{Tag: "en", Name: mark, Href: "/"}},
		Links:     view.Links{Style: "/assets/shop.css", Motifs: "/assets/motifs.svg", Icon: "/assets/icon.svg"},
	}
	product := &catalogv1.Product{
		Id: mark, Code: mark, Name: mark, Description: mark, CategoryId: mark, Price: &money.Money{CurrencyCode: "EUR", Units: 1}, AvailableQuantity: 3,
		Images: []*catalogv1.ProductImage{{Url: "https://pictures.example/1.jpg", AltText: mark}},
	}
	link, both := view.Link{Text: mark, Href: "/"}, []*catalogv1.Product{product, {Name: mark, Code: "2", Price: product.GetPrice()}}
	return map[string]templ.Component{
		"home":          view.Home(p, view.HomePage{Categories: []view.Link{link}, Newest: both}),
		"an empty home": view.Home(p, view.HomePage{}),
		"list": view.List(p, view.ListPage{
			Heading: mark, Description: mark, Breadcrumb: []view.Link{link}, Subcategories: []view.Link{link}, Products: both,
			Filter: view.FilterBarData{Action: "/", Min: mark, MinError: mark, Sorts: []view.Option{{Value: "new", Text: mark}}, Clear: "/"},
			Pager:  view.PagerData{Number: 2, First: "/", Next: "/"},
		}),
		"an empty list": view.List(p, view.ListPage{Heading: mark, Empty: mark, Step: link}),
		"product":       view.Product(p, view.ProductPage{Product: product, Breadcrumb: []view.Link{link}, Attributes: []view.Attribute{{Name: mark, Value: mark}}, Related: both}),
		"problem":       view.Problem(p, view.ProblemPage{Heading: mark, Text: mark, Reference: mark, Step: link, Related: both}),
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
