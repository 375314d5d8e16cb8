package mail

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"google.golang.org/genproto/googleapis/type/postaladdress"

	exact "github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

func textsIn(t *testing.T, language domain.Language) texts {
	t.Helper()
	says, err := readTexts(Version, language)
	if err != nil {
		t.Fatal(err)
	}
	return says
}

// Every text is there in every language, with the same values in it.
func TestEveryTextIsThereInEveryLanguage(t *testing.T) {
	t.Parallel()
	value := regexp.MustCompile(`\{\{\.[A-Za-z.]+\}\}|\{[a-z]+\}`)
	english := textsIn(t, domain.English)
	for _, language := range domain.Languages() {
		says := textsIn(t, language)
		if want, got := slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(says)); !slices.Equal(want, got) {
			t.Errorf("%s has the texts %v, want %v", language, got, want)
		}
		for id, text := range says {
			want, got := value.FindAllString(english[id], -1), value.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if strings.TrimSpace(text) == "" || !slices.Equal(want, got) {
				t.Errorf("%s: %q is %q, with the values %v, want %v", language, id, text, got, want)
			}
		}
	}
}

// Every text is in a mail: a template names it, or it is a subject, or a word or a time that is
// written into one.
func TestEveryTextIsUsed(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`\[\[(say|own) "([^"]+)"\]\]`)
	used := map[string]bool{"time": true}
	read := func(kind domain.Kind, file string) {
		content, err := fs.ReadFile(files, fmt.Sprintf("templates/v%d/%s", Version, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range named.FindAllStringSubmatch(string(content), -1) {
			if id := found[2]; found[1] == "own" {
				used[ownID(kind, id)] = true
			} else {
				used[id] = true
			}
		}
	}
	for kind := domain.OrderConfirmed; kind <= domain.LastKind; kind++ {
		used[ownID(kind, "subject")] = true
		body := strings.ToLower(kind.String())
		if kind.AboutAccount() {
			body = "account"
		}
		read(kind, "layout.html")
		read(kind, "layout.txt")
		read(kind, body+".html")
		read(kind, body+".txt")
	}
	words := regexp.MustCompile(`^(notice|adjustment|change|month)\.`)
	for id := range textsIn(t, domain.English) {
		if !used[id] && !words.MatchString(id) {
			t.Errorf("no mail holds the text %q", id)
		}
	}
}

// inLanguage is a mail of a kind in a language, whose values are in no language.
func inLanguage(kind domain.Kind, language domain.Language) Content {
	sum := exact.Money{Currency: "EUR", Amount: 1_234_50}
	return Content{
		Kind: kind, LanguageCode: string(language), Number: "1111", Name: "2222",
		Lines:       []Line{{Name: "3333", Code: "4444", Quantity: 2, UnitPrice: sum, Total: sum}},
		Adjustments: []Adjustment{{Amount: sum}, {Kind: 1, Amount: sum}, {Kind: 2, Amount: sum}, {Kind: 3, Amount: sum}},
		Subtotal:    sum, Total: sum,
		Delivery:  &postaladdress.PostalAddress{RegionCode: "DE", Locality: "5555"},
		Cancelled: Cancellation{Requested: true, Note: "6666"},
		Refund:    Refund{Amount: sum, Sum: sum, Reason: "7777"},
		Shipment:  Shipment{Carrier: "8888", TrackingCode: "9999"},
		Changes: []Change{
			{Field: "name", Value: "1"}, {Field: "email", Value: "2"}, {Field: "phone"}, {Field: "address"}, {Field: "carrier", Removed: true},
			{Field: "tracking_code", Value: "3"}, {Field: "other"},
		},
		Link: "1234567", Time: time.Date(2027, time.March, 9, 7, 5, 0, 0, time.UTC),
	}
}

// foreign returns what a text holds of other languages: whole words between its values.
func foreign(t *testing.T, language domain.Language, text string) (found []string) {
	t.Helper()
	own := strings.Join(slices.Collect(maps.Values(textsIn(t, language))), "\n")
	for _, other := range domain.Languages() {
		if other == language {
			continue
		}
		for _, sentence := range textsIn(t, other) {
			for _, part := range regexp.MustCompile(`\{+\.?[A-Za-z.]+\}+`).Split(sentence, -1) {
				part = strings.Trim(part, " .,:؛،\u2068\u2069")
				if len(part) > 3 && !strings.Contains(own, part) && strings.Contains(text, part) {
					found = append(found, part)
				}
			}
		}
	}
	return found
}

// Each kind of mail is in each language, with nothing in it of another: its subject, its text
// and its HTML.
func TestEveryMailIsWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	templates, err := Parse()
	if err != nil {
		t.Fatal(err)
	}
	shop := domain.Shop{ShopDetails: domain.ShopDetails{Name: "2468", LegalNotices: []string{"1", "2", "3", "4"}}}
	markup := regexp.MustCompile(`(?s)<style>.*</style>|<[^>]*>|&[a-z0-9#]+;`)
	for _, language := range domain.Languages() {
		for kind := domain.OrderConfirmed; kind <= domain.LastKind; kind++ {
			content := inLanguage(kind, language)
			content.Subject = shop.Subject(kind, templates.Subject(kind, language), SubjectValues(content))
			got, err := templates.Render(content, Version, shop.ShopDetails)
			if err != nil {
				t.Fatal(err)
			}
			tagsOf(t, got.HTML)
			for part, text := range map[string]string{"subject": got.Subject, "text": got.Text, "HTML": markup.ReplaceAllString(got.HTML, " ")} {
				if words := foreign(t, language, text); len(words) > 0 {
					t.Errorf("%s, %s: the %s has %q:\n%s", language, kind, part, words, text)
				}
				isLatin := func(r rune) bool { return unicode.Is(unicode.Latin, r) }
				if text = strings.ReplaceAll(text, "UTC", ""); language == domain.Arabic && (strings.ContainsFunc(text, isLatin) || !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Arabic, r) })) {
					t.Errorf("%s, %s: the %s is\n%s", language, kind, part, text)
				}
			}
			dir := map[domain.Language]string{domain.Arabic: "rtl"}[language]
			if dir == "" {
				dir = "ltr"
			}
			if want := `lang="` + string(language) + `" dir="` + dir + `"`; strings.Count(got.HTML, want) != 2 {
				t.Errorf("%s, %s: the HTML has not twice %s", language, kind, want)
			}
		}
	}
}

// Values are written as the language does: amounts as on the shop's pages, times with the
// month's name, regions by their name; in Arabic each is isolated from the text around it.
func TestValuesAreWrittenAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	for language, want := range map[domain.Language][]string{
		domain.English: {"€1,234.50", "Hello 2222,", "Germany\n", "Order 1111: refund of €1,234.50", "9 March 2027, 07:05 UTC"},
		domain.German:  {"1.234,50\u00a0€", "Guten Tag 2222,", "Deutschland\n", "Bestellung 1111: Erstattung von 1.234,50 €", "9. März 2027, 07:05 Uhr (UTC)"},
		domain.Arabic: {
			"\u20681,234.50\u00a0€\u2069", "\u20682222\u2069،", "\u2068ألمانيا\u2069\n", "\u20681111\u2069: استرداد",
			"\u20689 مارس 2027، الساعة 07:05 بالتوقيت العالمي (UTC)\u2069",
		},
	} {
		var all strings.Builder
		for _, kind := range []domain.Kind{domain.OrderConfirmed, domain.OrderRefunded, domain.VerifyEmail} {
			content := inLanguage(kind, language)
			got := render(t, content)
			all.WriteString(got.Text)
			all.WriteString((domain.Shop{}).Subject(kind, textsIn(t, language).subject(kind), SubjectValues(content)))
		}
		text := strings.ReplaceAll(all.String(), "\u200f", "") // the mark with which amounts begin in Arabic
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: no %q in\n%s", language, part, text)
			}
		}
	}
	// A name that runs the other way stands where its column begins.
	if html := render(t, inLanguage(domain.OrderConfirmed, domain.Arabic)).HTML; !strings.Contains(html, `<bdi dir="auto">3333</bdi><br>`) {
		t.Errorf("the product's name is no isolate in the line:\n%s", html)
	}
	html := render(t, inLanguage(domain.OrderRefunded, domain.Arabic)).HTML
	for _, want := range []string{`<strong><bdi dir="auto">1111</bdi></strong>`, `<q dir="auto">7777</q>`, `<a dir="ltr" href="1234567">`} {
		if !strings.Contains(html, want) {
			t.Errorf("the HTML has no %s:\n%s", want, html)
		}
	}
}
