package page

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// maxTerms bounds a filter's length in comparisons and words.
const maxTerms = 20

// filter is what a filter's text says: all of it has to fit.
type filter struct {
	comparisons []comparison
	words       []string
}

// comparison is `field op literal`; op is SQL's and value is a parameter.
type comparison struct {
	name  string
	field Field
	op    string
	value any
}

// parseFilter reads `term {AND term}`, where a term is `field op literal`. A list with a
// Search also takes words as terms, and terms that only a blank parts.
func (s Schema) parseFilter(text string) (filter, error) {
	p := parser{schema: s, text: text}
	p.space()
	var f filter
	for !p.end() {
		if err := p.term(&f); err != nil {
			return filter{}, err
		}
		if len(f.comparisons)+len(f.words) > maxTerms {
			return filter{}, p.bad(p.at, fmt.Sprintf("more than %d comparisons and words", maxTerms))
		}
		if err := p.conjunction(); err != nil {
			return filter{}, err
		}
	}
	return f, nil
}

type parser struct {
	schema Schema
	text   string
	at     int // byte position
}

func (p *parser) bad(at int, what string) error {
	text := fmt.Sprintf("at position %d: %s; fields are %s", utf8.RuneCountInString(p.text[:at])+1, what,
		p.schema.names(func(f Field) bool { return f.Filter }))
	return fault.New(fault.Invalid, fault.ReasonFilterInvalid, "filter: %s", text).Field("filter", text)
}

func (p *parser) end() bool { return p.at >= len(p.text) }

func (p *parser) space() {
	for !p.end() && strings.ContainsRune(" \t\r\n", rune(p.text[p.at])) {
		p.at++
	}
}

// word reads letters, digits, _, . and -.
func (p *parser) word() string {
	from := p.at
	for !p.end() {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-", r) {
			break
		}
		p.at += n
	}
	return p.text[from:p.at]
}

// conjunction reads what stands between two terms: AND, or for a list with a Search no more
// than blanks.
func (p *parser) conjunction() error {
	from := p.at
	p.space()
	at := p.at
	switch word := p.word(); word {
	case "AND":
		if p.space(); p.end() {
			return p.bad(p.at, "after AND comes another comparison")
		}
		return nil
	case "OR", "NOT":
		return p.bad(at, word+" is not supported, comparisons are joined by AND")
	}
	p.at = at
	if !p.end() && (p.schema.Search == nil || at == from) {
		return p.bad(at, "expected AND or the end")
	}
	return nil
}

func (p *parser) term(f *filter) error {
	at := p.at
	if p.schema.Search != nil {
		if word, ok, err := p.searched(); err != nil {
			return err
		} else if ok {
			f.words = append(f.words, word)
			return nil
		}
		p.at = at
	}
	c, err := p.comparison()
	f.comparisons = append(f.comparisons, c)
	return err
}

// searched reads a text in double quotes, or a bare word: any run of characters that mean
// nothing in a filter. What an operator follows is no word but a field. So that a typing
// mistake in a comparison is not searched for, the name of a field is a word in quotes only.
func (p *parser) searched() (word string, ok bool, err error) {
	at := p.at
	if p.text[at] == '"' {
		if word, err = p.quoted("a word"); err != nil {
			return "", false, err
		}
		if word, err = Text.read(word); err != nil {
			return "", false, p.bad(at, "a word "+err.Error())
		}
	} else {
		name := p.word()
		p.space()
		if p.operates() {
			return "", false, nil
		}
		if field, ok := p.schema.Fields[name]; ok && field.Filter {
			return "", false, p.bad(p.at, "expected one of = != < <= > >= after "+name+", which is a word to search for in double quotes only")
		}
		p.at = at
		if word, err = p.bare(); err != nil {
			return "", false, err
		}
	}
	if word = strings.TrimFunc(word, grammar.Invisible); word == "" {
		return "", false, p.bad(at, "a word to search for can't be blank")
	}
	return word, true, nil
}

// operates reports whether an operator comes next.
func (p *parser) operates() bool {
	return !p.end() && (strings.ContainsRune("=<>", rune(p.text[p.at])) || strings.HasPrefix(p.text[p.at:], "!="))
}

// bare reads a word without quotes.
func (p *parser) bare() (string, error) {
	from := p.at
	for !p.end() && !strings.ContainsRune(" \t\r\n", rune(p.text[p.at])) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if strings.ContainsRune(`"'=<>!():,*`, r) || r == '-' && p.at == from {
			return "", p.bad(p.at, fmt.Sprintf("%q can't stand here; in double quotes it is part of a word", r))
		}
		p.at += n
	}
	word := p.text[from:p.at]
	if word == "AND" || word == "OR" || word == "NOT" {
		return "", p.bad(from, word+" can't stand here; in double quotes it is a word")
	}
	if _, err := Text.read(word); err != nil {
		return "", p.bad(from, "a word "+err.Error())
	}
	return word, nil
}

func (p *parser) comparison() (comparison, error) {
	at := p.at
	name := p.word()
	field, ok := p.schema.Fields[name]
	if name == "" || !ok || !field.Filter {
		return comparison{}, p.bad(at, shown(name)+" is no field to filter by")
	}
	p.space()
	op, err := p.operator(name, field.Kind)
	if err != nil {
		return comparison{}, err
	}
	p.space()
	value, err := p.literal(name, field)
	if err != nil {
		return comparison{}, err
	}
	return comparison{name, field, op, value}, nil
}

func (c comparison) condition(param func(any) string) string {
	if c.field.Condition != nil {
		return c.field.Condition(c.op, c.value, param)
	}
	op := c.op
	if op == "<>" {
		// Rows without a value differ from every value.
		op = "is distinct from"
	}
	return c.field.Column + " " + op + " " + param(c.value) + c.field.Kind.cast()
}

func (p *parser) operator(name string, kind Kind) (string, error) {
	for _, op := range []string{"!=", "<=", ">=", "=", "<", ">"} {
		if !strings.HasPrefix(p.text[p.at:], op) {
			continue
		}
		if op != "=" && op != "!=" && (kind == Enum || kind == ID || kind == Bool || kind == Name || kind == Email) {
			return "", p.bad(p.at, fmt.Sprintf("%s takes = and != only", name))
		}
		p.at += len(op)
		if op == "!=" {
			op = "<>"
		}
		return op, nil
	}
	return "", p.bad(p.at, "expected one of = != < <= > >=")
}

func (p *parser) literal(name string, field Field) (any, error) {
	at := p.at
	switch field.Kind {
	case Text, Time, ID, Name, Email:
		text, err := p.quoted(name)
		if err != nil {
			return nil, err
		}
		value, err := field.read(text)
		if err != nil {
			return nil, p.bad(at, fmt.Sprintf("%s %s", name, err))
		}
		return value, nil
	case Number:
		if word := p.word(); Number.plausible(word) {
			return word, nil
		}
		return nil, p.bad(at, name+" takes a number such as 12.50")
	case Bool:
		switch p.word() {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, p.bad(at, name+" takes true or false")
	default:
		if value, ok := field.enum(p.word()); ok {
			return value, nil
		}
		return nil, p.bad(at, fmt.Sprintf("%s takes one of %s", name, field.words()))
	}
}

func (f Field) words() string {
	words := make([]string, 0, len(f.Values))
	for w := range f.Values {
		words = append(words, w)
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// quoted reads a string in double quotes; \" and \\ stand for themselves.
func (p *parser) quoted(name string) (string, error) {
	at := p.at
	if p.end() || p.text[p.at] != '"' {
		return "", p.bad(at, name+" takes a value in double quotes")
	}
	var b strings.Builder
	for p.at++; !p.end(); p.at++ {
		switch c := p.text[p.at]; c {
		case '"':
			p.at++
			return b.String(), nil
		case '\\':
			if p.at++; p.end() || p.text[p.at] != '"' && p.text[p.at] != '\\' {
				return "", p.bad(p.at-1, `after a backslash comes " or \`)
			}
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.bad(at, "the double quote is not closed")
}

// enum finds the value of a word, which may have the prefix of its enum in the contract.
func (f Field) enum(word string) (any, bool) {
	value, ok := f.Values[strings.TrimPrefix(word, f.Prefix)]
	return value, ok
}

// read returns a literal as the field's condition gets it.
func (f Field) read(text string) (string, error) {
	value, err := f.Kind.read(text)
	if f.Condition != nil && (f.Kind == Name || f.Kind == Email) {
		return text, err
	}
	return value, err
}

// read returns a literal in the form that its column compares with.
func (k Kind) read(text string) (string, error) {
	if k == Time {
		at, err := grammar.Time(text)
		return at.Format(time.RFC3339Nano), err
	}
	if k == ID {
		id, err := grammar.UUID(text)
		return id.String(), err
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", errors.New("must be text without U+0000")
	}
	switch k {
	case Name:
		return grammar.Fold(text), nil
	case Email:
		return grammar.EmailKey(text), nil
	default:
		return text, nil
	}
}

// plausible reports whether PostgreSQL will take text as a value of the kind.
func (k Kind) plausible(text string) bool {
	switch k {
	case Number:
		return decimal(text)
	case Bool:
		_, err := strconv.ParseBool(text)
		return err == nil
	default:
		_, err := k.read(text)
		return err == nil
	}
}

// decimal accepts an optional minus, up to 30 digits and one point between digits.
func decimal(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || point && fraction == "" || len(digits) > 30 {
		return false
	}
	return strings.Trim(whole+fraction, "0123456789") == ""
}
