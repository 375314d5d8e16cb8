package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	docsLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	docsHeading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	docsVerb    = regexp.MustCompile("`make ([a-z-]+)")
	makeVerb    = regexp.MustCompile(`(?m)^([a-z-]+):`)
	inCode      = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}_\- ]`)
)

// pages are the texts of README.md and of docs/, by their path from here.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"../README.md", "../docs/*.md", "../docs/decisions/*.md", "../tools/README.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d pages, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			found[path] = string(text)
		}
	}
	return found
}

// hasAnchor reports whether a page has a heading, or an element, of this name.
func hasAnchor(text, name string) bool {
	if strings.Contains(text, `id="`+name+`"`) {
		return true
	}
	return slices.ContainsFunc(docsHeading.FindAllStringSubmatch(text, -1), func(heading []string) bool {
		plain := notInAnchor.ReplaceAllString(strings.ToLower(heading[1]), "")
		return strings.ReplaceAll(plain, " ", "-") == name
	})
}

var (
	findingKind = regexp.MustCompile(`"([A-Z]+(?:_[A-Z]+)+|OVERSOLD|CONTRADICTION)"`)
	// Kinds of mails and states of orders stand in the audit's code, too.
	noFindings = []string{"ORDER_CONFIRMED", "ORDER_SHIPPED", "ORDER_LINK", "AWAITING_PAYMENT"}
)

// Every kind of finding that an audit may print is explained to operators.
func TestEveryFindingIsExplained(t *testing.T) {
	t.Parallel()
	explained := pages(t)["../docs/operations.md"]
	kinds := map[string]bool{}
	for _, pattern := range []string{"../cmd/shopmesh/internal/audit/*.go", "../services/*/internal/operations/*.go", "../services/order/internal/domain/audit.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			for _, kind := range findingKind.FindAllStringSubmatch(string(text), -1) {
				kinds[kind[1]] = !slices.Contains(noFindings, kind[1])
			}
		}
	}
	for kind, finding := range kinds {
		if finding && !regexp.MustCompile(`(?m)^\| (?:[A-Z_]+, )*`+kind+`[ ,]`).MatchString(explained) {
			t.Errorf("docs/operations.md does not explain the finding %s", kind)
		}
	}
	if len(kinds) < 30 {
		t.Errorf("found the kinds %v alone", kinds)
	}
}

// Every link of the pages leads to a file, and to a heading in it.
func TestLinksOfThePagesResolve(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for page, text := range all {
		for _, link := range docsLink.FindAllStringSubmatch(inCode.ReplaceAllString(text, ""), -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(link[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", page, link[1])
			} else if anchor != "" && !hasAnchor(all[target], anchor) {
				t.Errorf("%s: %s has no heading #%s", page, target, anchor)
			}
		}
	}
}

// Every verb that the pages name in code is one of the Makefile's.
func TestVerbsOfThePagesExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	verbs := map[string]bool{}
	for _, verb := range makeVerb.FindAllStringSubmatch(string(makefile), -1) {
		verbs[verb[1]] = true
	}
	for page, text := range pages(t) {
		for _, named := range docsVerb.FindAllStringSubmatch(text, -1) {
			if !verbs[named[1]] {
				t.Errorf("%s: the Makefile has no verb %s", page, named[1])
			}
		}
	}
}

// Decisions are numbered from 1 on without a gap, in the file's name as in its title,
// and a page other than a decision links to each.
func TestDecisionsAreNumberedAndLinked(t *testing.T) {
	t.Parallel()
	all := pages(t)
	var numbers []int
	for path, text := range all {
		if filepath.Base(filepath.Dir(path)) != "decisions" {
			continue
		}
		var number int
		if _, err := fmt.Sscanf(filepath.Base(path), "%04d-", &number); err != nil {
			t.Errorf("%s has no number: %v", path, err)
		}
		numbers = append(numbers, number)
		if !strings.HasPrefix(text, fmt.Sprintf("# %d. ", number)) {
			t.Errorf("%s: the title does not begin with %d", path, number)
		}
		linked := false
		for other, page := range all {
			linked = linked || filepath.Base(filepath.Dir(other)) != "decisions" && strings.Contains(page, "decisions/"+filepath.Base(path))
		}
		if !linked {
			t.Errorf("no page links to %s", path)
		}
	}
	slices.Sort(numbers)
	for i, number := range numbers {
		if number != i+1 {
			t.Fatalf("decision %d is missing, or one is there twice: %v", i+1, numbers)
		}
	}
}
