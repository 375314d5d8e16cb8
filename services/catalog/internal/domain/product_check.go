package domain

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/money"
)

// The bounds of shopmesh.catalog.v1.Product; lengths count characters.
const (
	maxCode           = 64
	maxName           = 200
	maxDescription    = 10_000
	maxAttributes     = 50
	maxAttributeName  = 64
	maxAttributeValue = 1000
	maxImages         = 20
	maxImageURL       = 2000
	maxAltText        = 500
)

// Check returns every bound that the product would break.
func (f ProductFields) Check() []fault.Violation { return f.product().violations() }

func (p ProductSnapshot) violations() violations {
	var wrong violations
	if !validCode(p.Code) {
		wrong.add("product.code", fault.RuleMalformed, "must be 1 to %d of [A-Za-z0-9._/-], is %q", maxCode, shortened(p.Code))
	}
	wrong.check("product.name", grammar.RequiredLine(p.Name, maxName))
	wrong.check("product.description", grammar.Text(p.Description, maxDescription))
	if p.CategoryID == uuid.Nil {
		wrong.add("product.category_id", fault.RuleRequired, "is required")
	}
	if !money.Valid(p.Price.Currency) {
		wrong.add("product.price.currency_code", fault.RuleCurrency, "must be an ISO 4217 code, is %q", shortened(p.Price.Currency))
	} else if p.Price.Amount < 0 {
		wrong.add("product.price.units", fault.RuleOutOfRange, "must be 0 or more, is %s", p.Price)
	}
	if !p.Status.Valid() {
		wrong.add("product.status", fault.RuleNotOneOf, "must be DRAFT, ACTIVE or ARCHIVED")
	}
	wrong.attributes(p.Attributes)
	wrong.images(p.Images)
	return wrong
}

func validCode(code string) bool {
	if code == "" || len(code) > maxCode {
		return false
	}
	for _, r := range []byte(code) {
		letterOrDigit := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !letterOrDigit && !strings.ContainsRune("._/-", rune(r)) {
			return false
		}
	}
	return true
}

func (v *violations) attributes(attributes map[string]string) {
	if n := len(attributes); n > maxAttributes {
		v.add("product.attributes", fault.RuleTooMany, "must be at most %d, are %d", maxAttributes, n)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		field := fmt.Sprintf("product.attributes[%q]", shortened(name))
		v.check(field, grammar.RequiredLine(name, maxAttributeName))
		v.check(field, grammar.Text(attributes[name], maxAttributeValue))
	}
}

func (v *violations) images(images []Image) {
	if n := len(images); n > maxImages {
		v.add("product.images", fault.RuleTooMany, "must be at most %d, are %d", maxImages, n)
		return
	}
	for i, image := range images {
		v.check(fmt.Sprintf("product.images[%d].alt_text", i), grammar.Text(image.AltText, maxAltText))
		if !validImageURL(image.URL) {
			v.add(fmt.Sprintf("product.images[%d].url", i), fault.RuleMalformed,
				"must be an https URL or a path that begins with one slash, up to %d characters", maxImageURL)
		}
	}
}

// validImageURL accepts what a browser can only read as an https URL or a path on
// the same site: no other scheme, no //host, no backslash that counts as a slash,
// no blank or control character that is dropped.
func validImageURL(text string) bool {
	if text == "" || utf8.RuneCountInString(text) > maxImageURL {
		return false
	}
	for _, r := range text {
		if r == '\\' || grammar.Invisible(r) {
			return false
		}
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.User != nil {
		return false
	}
	if parsed.Scheme == "" {
		return strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//")
	}
	return parsed.Scheme == "https" && parsed.Host != ""
}

// shortened keeps an error message readable whatever was sent.
func shortened(text string) string {
	const most = 80
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
