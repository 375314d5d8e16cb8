package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A place has components.
type place string

const (
	shop   place = "the shop"
	office place = "the office"
)

// named are the components that the shop and the office are made of, by where they are. Why some are
// in one place only: docs/decisions/0099.
func named() map[string][]place {
	both := []place{shop, office}
	return map[string][]place{
		"Field": both, "MoneyField": both, "QuantityField": both, "Choice": both, "Check": both, "Notice": both, "ErrorSummary": both, "Price": both,
		"Pager": both, "FilterBar": both, "Timeline": both, "EmptyState": both, "ConnectionBar": both, "PostalLines": both, "AddressFields": both, "Unanswered": both,
		"Stock": {shop}, "Swatch": {shop}, "ProductCard": {shop},
		"Button": {office}, "ComboBox": {office}, "StateBadge": {office}, "DataTable": {office}, "BulkBar": {office}, "BarChart": {office}, "Tree": {office},
		"Dialog": {office}, "Toast": {office}, "Skeleton": {office}, "PrintSheet": {office},
	}
}

// What the shop and the office have of the same kind has the same name in both.
func TestAComponentHasOneName(t *testing.T) {
	t.Parallel()
	found := map[place]map[string]string{shop: shopComponents(t), office: officeComponents(t)}
	for name, want := range named() {
		for _, in := range []place{shop, office} {
			if _, there := found[in][name]; there != slices.Contains(want, in) {
				t.Errorf("%s is in %s: %t", name, in, there)
			}
		}
	}
	for name := range found[shop] {
		if _, there := found[office][name]; there && len(named()[name]) != 2 {
			t.Errorf("%s is in both, and is not named as such", name)
		}
	}
	for name, source := range shopTemplates(t) {
		if _, there := found[office][name]; there && isPage(source) {
			t.Errorf("%s is a page of the shop, and a component of the office", name)
		}
	}
}

// A screen's own parts have other names than components: who reads "Price" knows which one it is.
func TestNoScreenTakesTheNameOfAComponent(t *testing.T) {
	t.Parallel()
	components := officeComponents(t)
	for _, folder := range []string{"screens", "screens/*", "session"} {
		for name := range sources(t, "../../../../web/office/"+folder+"/*.tsx", `(?m)^(?:export )?function ([A-Z]\w*)[(<]`) {
			if _, there := components[name]; there {
				t.Errorf("%s is a component, and something else in %s", name, folder)
			}
		}
	}
}

// What a component looks like is found by its name: its class is the name as CSS writes names.
func TestAComponentHasTheClassOfItsName(t *testing.T) {
	t.Parallel()
	styled := styledClasses(t)
	checked := 0
	for in, components := range map[place]map[string]string{shop: shopComponents(t), office: officeComponents(t)} {
		for name, source := range components {
			class := classOf(name)
			has := regexp.MustCompile(`class(?:Name)?="(?:[^"]* )?` + class + `[ "]`).MatchString(source)
			if has != styled[class] {
				t.Errorf("%s of %s has the class %s: %t; the styles have it: %t", name, in, class, has, styled[class])
			}
			if has {
				checked++
			}
		}
	}
	if checked < len(named()) {
		t.Errorf("%d components have a class: they are not found as they are written", checked)
	}
}

// styledClasses are the classes that the styles name.
func styledClasses(t *testing.T) map[string]bool {
	t.Helper()
	styled := make(map[string]bool)
	for _, pattern := range []string{"../../../../web/design/*.css", "../../../../web/office/style/*.css"} {
		for _, content := range read(t, pattern) {
			for _, class := range regexp.MustCompile(`\.([a-z][a-z-]*)`).FindAllStringSubmatch(content, -1) {
				styled[class[1]] = true
			}
		}
	}
	return styled
}

var humps = regexp.MustCompile(`[a-z][A-Z]`)

func classOf(name string) string {
	return strings.ToLower(humps.ReplaceAllStringFunc(name, func(hump string) string { return hump[:1] + "-" + hump[1:] }))
}

// isPage reports whether a template is a page: it fills the frame of all pages.
func isPage(source string) bool { return strings.Contains(source, "@Layout(p)") }

// shopComponents are what pages are made of, with their source.
func shopComponents(t *testing.T) map[string]string {
	t.Helper()
	components := shopTemplates(t)
	maps.DeleteFunc(components, func(_, source string) bool { return isPage(source) })
	return components
}

// shopTemplates are the pages of the shop, and what they are made of, with their source.
func shopTemplates(t *testing.T) map[string]string {
	t.Helper()
	return sources(t, "../view/*.templ", `(?m)^templ ([A-Z]\w*)\(`)
}

func officeComponents(t *testing.T) map[string]string {
	t.Helper()
	return sources(t, "../../../../web/office/components/*.tsx", `(?m)^export function ([A-Z]\w*)[(<]`)
}

// sources are the functions that begin as stated, by their names.
func sources(t *testing.T, pattern, begins string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, content := range read(t, pattern) {
		for _, at := range regexp.MustCompile(begins).FindAllStringSubmatchIndex(content, -1) {
			source, _, ended := strings.Cut(content[at[0]:], "\n}\n")
			if !ended {
				t.Errorf("%s does not end", content[at[2]:at[3]])
			}
			all[content[at[2]:at[3]]] = source
		}
	}
	return all
}

// read returns the content of files, by their names.
func read(t *testing.T, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	contents := make(map[string]string)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		contents[file] = string(content)
	}
	return contents
}
