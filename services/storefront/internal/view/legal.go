package view

import (
	"regexp"
	"strings"
)

// LegalPage is one of the shop's legal texts.
type LegalPage struct {
	Heading string
	// Language is the text's, which may be another than the page's; empty for the same.
	Language string
	Blocks   []Block
}

// Block is a part of a legal text: a heading, a list, or else a paragraph.
type Block struct {
	Heading, List bool
	Lines         [][]Link
}

// address is what becomes a link: punctuation at its end is the sentence's.
var address = regexp.MustCompile(`https://[^\s<>"]*[^\s<>".,;:!?)\]]`)

// ReadLegal reads the marks of a legal text (shopmesh.storefront.v1.LegalTexts): an empty line
// begins a paragraph, "# " a heading, and "- " each item of a list.
func ReadLegal(text string) []Block {
	var blocks []Block
	gap := true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		block := Block{}
		heading, isHeading := strings.CutPrefix(line, "# ")
		item, isItem := strings.CutPrefix(line, "- ")
		switch {
		case line == "":
			gap = true
			continue
		case isHeading:
			block.Heading, line = true, heading
		case isItem:
			block.List, line = true, item
		}
		last := len(blocks) - 1
		if gap || block.Heading || blocks[last].Heading || blocks[last].List != block.List {
			blocks = append(blocks, block)
			last++
		}
		blocks[last].Lines = append(blocks[last].Lines, spans(line))
		gap = false
	}
	return blocks
}

// FirstSection returns the lines of a legal text's first section, without its heading: of an
// imprint, who runs the shop. What stands after the next heading is not in it.
func FirstSection(text string) []string {
	var lines []string
	for _, block := range ReadLegal(text) {
		if block.Heading {
			if len(lines) > 0 {
				break
			}
			continue
		}
		for _, line := range block.Lines {
			var whole strings.Builder
			for _, span := range line {
				whole.WriteString(span.Text)
			}
			lines = append(lines, whole.String())
		}
	}
	return lines
}

// spans parts a line into plain texts and links.
func spans(line string) []Link {
	var all []Link
	at := 0
	for _, found := range address.FindAllStringIndex(line, -1) {
		if found[0] > at {
			all = append(all, Link{Text: line[at:found[0]]})
		}
		all = append(all, Link{Text: line[found[0]:found[1]], Href: line[found[0]:found[1]]})
		at = found[1]
	}
	if at < len(line) {
		all = append(all, Link{Text: line[at:]})
	}
	return all
}
