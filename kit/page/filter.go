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

// maxComparisons bounds a filter's length in comparisons.
const maxComparisons = 20

// comparison is `field op literal`; op is SQL's and value is a parameter.
type comparison struct {
	name  string
	field Field
	op    string
	value any
}

// parseFilter reads `field op literal {AND field op literal}`.
func (s Schema) parseFilter(filter string) ([]comparison, error) {
	p := parser{schema: s, text: filter}
	p.space()
	if p.end() {
		return nil, nil
	}
	var all []comparison
	for {
		c, err := p.comparison()
		if err != nil {
			return nil, err
		}
		if all = append(all, c); len(all) > maxComparisons {
			return nil, p.bad(p.at, fmt.Sprintf("more than %d comparisons", maxComparisons))
		}
		p.space()
		if p.end() {
			return all, nil
		}
		at := p.at
		if word := p.word(); word != "AND" {
			if word == "OR" || word == "NOT" {
				return nil, p.bad(at, word+" is not supported, comparisons are joined by AND")
			}
			return nil, p.bad(at, "expected AND or the end")
		}
	}
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

func (p *parser) comparison() (comparison, error) {
	p.space()
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
