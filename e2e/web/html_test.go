package web_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// void are the elements that have no end.
var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// checkHTML finds what a browser would mend, or a person would miss: elements that are not
// closed in their order, scripts and styles that stand inline, landmarks that are missing or
// there twice, references to ids that are not there, buttons that are dead (vendure#4741,
// #4173), and forms or an order of the tab key that do not follow the page
// (woocommerce#60962, vendure#267).
func checkHTML(t *testing.T, name, body string) {
	t.Helper()
	var open []string
	count, ids := make(map[string]int), make(map[string]int)
	var typed []string // the ids of fields that need a label of their own
	var references []string
	checkForms(t, name, body)
	tokens := html.NewTokenizer(strings.NewReader(body))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		token := tokens.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			count[token.Data]++
			attributes := make(map[string]string)
			for _, attribute := range token.Attr {
				if _, twice := attributes[attribute.Key]; twice {
					t.Errorf("%s: <%s> has %s twice", name, token.Data, attribute.Key)
				}
				attributes[attribute.Key] = attribute.Val
				if attribute.Key == "style" || strings.HasPrefix(attribute.Key, "on") {
					t.Errorf("%s: <%s> has %s inline", name, token.Data, attribute.Key)
				}
			}
			checkElement(t, name, token.Data, attributes)
			if isField(token.Data, attributes["type"]) {
				typed = append(typed, attributes["id"])
			}
			if id, ok := attributes["id"]; ok {
				ids[id]++
			}
			for _, key := range []string{"for", "aria-labelledby", "aria-describedby"} {
				if value, ok := attributes[key]; ok {
					references = append(references, strings.Fields(value)...)
				}
			}
			if kind == html.StartTagToken && !slices.Contains(void, token.Data) {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Errorf("%s: </%s> ends %v", name, token.Data, open)
				return
			}
			open = open[:len(open)-1]
		default:
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: %v are not closed", name, open)
	}
	for _, once := range []string{"html", "head", "title", "body", "main", "h1", "header", "footer"} {
		if count[once] != 1 {
			t.Errorf("%s: <%s> is there %d times", name, once, count[once])
		}
	}
	for _, id := range typed {
		if !slices.Contains(references, id) {
			t.Errorf("%s: the field %q has no label", name, id)
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%s: the id %q is there %d times", name, id, n)
		}
	}
	for _, id := range references {
		if ids[id] == 0 {
			t.Errorf("%s: nothing has the id %q", name, id)
		}
	}
}

// checkForms finds forms that Enter sends by another button than a click: each has one.
func checkForms(t *testing.T, name, body string) {
	t.Helper()
	buttons := 0
	tokens := html.NewTokenizer(strings.NewReader(body))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		switch token := tokens.Token(); {
		case token.Data == "button" && kind == html.StartTagToken:
			buttons++
		case token.Data != "form":
		case kind == html.StartTagToken:
			buttons = 0
		case buttons != 1:
			t.Errorf("%s: a form has %d buttons", name, buttons)
		}
	}
}

// isField reports whether an element is a field that no label is around.
func isField(element, kind string) bool {
	switch element {
	case "select", "textarea":
		return true
	case "input":
		return !slices.Contains([]string{"hidden", "radio", "checkbox"}, kind)
	default:
		return false
	}
}

func checkElement(t *testing.T, name, element string, attributes map[string]string) {
	t.Helper()
	if _, disabled := attributes["disabled"]; disabled {
		t.Errorf("%s: <%s> is disabled: %v", name, element, attributes)
	}
	if index, ok := attributes["tabindex"]; ok && index != "-1" {
		t.Errorf("%s: <%s> is out of the tab key's order: %v", name, element, attributes)
	}
	switch element {
	case "style":
		t.Errorf("%s: a style stands inline", name)
	case "script":
		if attributes["src"] == "" && attributes["type"] != "application/ld+json" {
			t.Errorf("%s: a script stands inline", name)
		}
	case "img":
		if _, ok := attributes["alt"]; !ok {
			t.Errorf("%s: a picture has no text: %v", name, attributes)
		}
	case "html":
		if attributes["lang"] == "" || attributes["dir"] == "" {
			t.Errorf("%s: the language is not stated: %v", name, attributes)
		}
	case "nav":
		if attributes["aria-label"] == "" && attributes["aria-labelledby"] == "" {
			t.Errorf("%s: a navigation has no name", name)
		}
	}
}
