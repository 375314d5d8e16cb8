package messages_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/web"
)

// forms are the plural forms of each language (Unicode's CLDR).
var forms = map[string][]string{
	"en": {"one", "other"}, "de": {"one", "other"}, "ar": {"few", "many", "one", "other", "two", "zero"},
}

// read returns a language's texts: by id, and for what counts by id and form.
func read(t *testing.T, language string) (plain map[string]string, counts map[string]map[string]string) {
	t.Helper()
	plain, counts = make(map[string]string), make(map[string]map[string]string)
	found, err := messages.Files(web.Files(), language)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s has no texts: %v", language, err)
	}
	for _, file := range found {
		content, err := fs.ReadFile(web.Files(), file)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]json.RawMessage
		if err := json.Unmarshal(content, &all); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for id, value := range all {
			var text string
			if json.Unmarshal(value, &text) == nil {
				plain[id] = text
				continue
			}
			var of map[string]string
			if err := json.Unmarshal(value, &of); err != nil {
				t.Fatalf("%s: %s: %v", file, id, err)
			}
			counts[id] = of
		}
	}
	return plain, counts
}

var placeholder = regexp.MustCompile(`\{\{\.[A-Za-z]+\}\}`)

// Every text is there in every language, with the same values in it, and in each form that
// the language counts with.
func TestEveryTextIsThereInEveryLanguage(t *testing.T) {
	t.Parallel()
	english, counted := read(t, messages.Default)
	for _, language := range messages.Languages() {
		plain, counts := read(t, language)
		for id := range plain {
			if _, ok := english[id]; !ok {
				t.Errorf("%s: %q is no text of %s", language, id, messages.Default)
			}
		}
		for id, text := range english {
			other, ok := plain[id]
			if !ok || strings.TrimSpace(other) == "" {
				t.Errorf("%s has no text %q", language, id)
			}
			if want, got := placeholder.FindAllString(text, -1), placeholder.FindAllString(other, -1); !slices.Equal(want, got) {
				t.Errorf("%s: %q holds %v, and in %s %v", language, id, got, messages.Default, want)
			}
		}
		if want, got := slices.Sorted(maps.Keys(counted)), slices.Sorted(maps.Keys(counts)); !slices.Equal(want, got) {
			t.Errorf("%s counts %v, and %s %v", language, got, messages.Default, want)
		}
		for id, of := range counts {
			if got := slices.Sorted(maps.Keys(of)); !slices.Equal(got, forms[language]) {
				t.Errorf("%s: %q has the forms %v, want %v", language, id, got, forms[language])
			}
		}
	}
}

// used finds the ids in our code: the first argument of what looks a text up, and what lists
// name.
var used = regexp.MustCompile(`"([a-z]+(?:\.[a-z_]+)?)"`)

// Every id that the code names has a text, every text is named by the code, and no component
// holds a text of its own.
func TestEveryTextIsUsed(t *testing.T) {
	t.Parallel()
	plain, counts := read(t, messages.Default)
	named := make(map[string]bool)
	lookup := regexp.MustCompile(`(?:Say|Count|Fill)\("([^"]+)"`)
	for _, folder := range []string{"../view", "../pages"} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if strings.HasSuffix(entry.Name(), "_templ.go") || strings.HasSuffix(entry.Name(), "_test.go") {
				continue
			}
			content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range lookup.FindAllStringSubmatch(string(content), -1) {
				_, isPlain := plain[match[1]]
				_, isCounted := counts[match[1]]
				if !isPlain && !isCounted && !strings.HasSuffix(match[1], ".") {
					t.Errorf("%s names the text %q, which is not there", entry.Name(), match[1])
				}
			}
			for _, match := range used.FindAllStringSubmatch(string(content), -1) {
				named[match[1]] = true
			}
			for _, problem := range regexp.MustCompile(`error\.[a-z_]+`).FindAllString(string(content), -1) {
				named[problem], named[problem+"_text"] = true, true
			}
		}
	}
	for id := range plain {
		if !named[id] {
			t.Errorf("no page shows the text %q", id)
		}
	}
}

// A number of things is told in the form that the language has for it.
func TestNumbersChooseTheForm(t *testing.T) {
	t.Parallel()
	catalog, err := messages.Load(web.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		language string
		count    int
		want     string
	}{
		{"en", 1, "1 left"}, {"en", 3, "3 left"}, {"de", 2, "Nur noch 2 Stück"},
		{"ar", 1, "بقيت قطعة واحدة"}, {"ar", 2, "بقيت قطعتان"}, {"ar", 5, "بقيت 5 قطع"},
	} {
		if got := catalog.In(row.language).Count("stock.left", row.count); got != row.want {
			t.Errorf("%s, %d: %q, want %q", row.language, row.count, got, row.want)
		}
	}
	for language, want := range map[string]string{"en": "24 of 1,312 products", "de": "24 von 1.312 Produkten", "ar": "\u206824\u2069 من 1,312 منتجاً"} {
		if got := catalog.In(language).Count("list.some", 1312, "Shown", "24"); got != want {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
	for number, want := range map[int]string{0: "0", 999: "999", 10_000: "10,000", 1_234_567: "1,234,567"} {
		if got := catalog.In("en").Number(number); got != want {
			t.Errorf("%d is written %s", number, got)
		}
	}
	if catalog.In("ar").Dir() != "rtl" || catalog.In("de").Dir() != "ltr" || catalog.In("fr").Language() != "en" {
		t.Error("the direction, or the language of those that are not offered, is wrong")
	}
	for language, rows := range map[string]map[string]string{
		"en": {"7K3M-Q2XD": "Order 7K3M-Q2XD", "كوب": "Order \u2068كوب\u2069"},
		"ar": {"7K3M-Q2XD": "الطلب \u20687K3M-Q2XD\u2069"},
	} {
		for number, want := range rows {
			if got := catalog.In(language).Fill("order.title", "Number", number); got != want {
				t.Errorf("%s: %q, want %q", language, got, want)
			}
		}
	}
	if got := catalog.In("en").Fill("search.for", "Query", "<b>"); got != "Products that match “<b>”" {
		t.Errorf("a value is changed: %q", got)
	}
}
