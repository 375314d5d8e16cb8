package e2e

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// mapper is how the mesh's ingress writes an answer that it makes itself.
type mapper struct {
	Body struct {
		Type string `yaml:"content_type"`
		Text struct {
			Inline string `yaml:"inline_string"`
		} `yaml:"text_format_source"`
	} `yaml:"body_format_override"`
}

// What the mesh's ingress answers itself where a page was asked for is what storefront would say,
// in each language, and loads nothing.
func TestTheIngressSaysWhatPagesSay(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../mesh/istio/ingress/replies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var filter struct {
		Spec struct {
			Patches []struct {
				Patch struct {
					Value struct {
						Config struct {
							Replies struct{ Mappers []mapper } `yaml:"local_reply_config"`
						} `yaml:"typed_config"`
					}
				}
			} `yaml:"configPatches"`
		}
	}
	if err := yaml.Unmarshal(raw, &filter); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range filter.Spec.Patches[0].Patch.Value.Config.Replies.Mappers {
		if strings.HasPrefix(m.Body.Type, "text/html") {
			got = append(got, m.Body.Text.Inline)
		}
	}
	said := map[string]bool{}
	for _, language := range []string{"de", "ar", "en"} {
		texts := textsIn(t, language)
		for _, id := range []string{"error.too_many", "error.away"} {
			page := ingressPage(language, texts[id], texts[id+"_text"])
			said[page] = true
			if n := strings.Count(strings.Join(got, "\n"), page); n != 1 {
				t.Errorf("replies.yaml has %d times:\n%s", n, page)
			}
		}
	}
	for _, page := range got {
		if !said[page] {
			t.Errorf("replies.yaml says what no page of storefront does:\n%s", page)
		}
		if found := loads.FindString(page); found != "" || strings.Contains(page, "%") {
			t.Errorf("the page loads %q, or has a sign that Envoy replaces:\n%s", found, page)
		}
	}
}

// loads finds what a browser would have to fetch.
var loads = regexp.MustCompile(`(src|href|style)=|<(link|script|style|img)`)

func ingressPage(language, heading, text string) string {
	direction := "ltr"
	if language == "ar" {
		direction = "rtl"
	}
	heading, text = html.EscapeString(heading), html.EscapeString(text)
	return fmt.Sprintf(`<!doctype html><html lang="%s" dir="%s"><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
		`<meta name="color-scheme" content="light dark"><title>%s</title><main><h1>%s</h1><p>%s</p></main></html>`, language, direction, heading, heading, text)
}

// textsIn are the texts of the pages in a language, by their ids.
func textsIn(t *testing.T, language string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../web/messages/" + language + "/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files with texts in %s, %v", len(paths), language, err)
	}
	texts := map[string]string{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]any // a text, or one for each form of a number
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for id, text := range all {
			if text, ok := text.(string); ok {
				texts[id] = text
			}
		}
	}
	return texts
}
