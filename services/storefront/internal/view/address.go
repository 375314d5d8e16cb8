package view

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A product's code stands in its address as one segment of plain letters, because "/" would
// part it, browsers take "." and ".." for steps through folders also where they are escaped,
// and proxies rewrite %2F. "~" is in no code, so it begins what stands for these.
var (
	codeEscapes   = strings.NewReplacer("/", "~s") //nolint:gochecknoglobals // a constant
	codeUnescapes = strings.NewReplacer("~s", "/", "~d", ".")
)

// codeSegment returns a code as it stands in an address.
func codeSegment(code string) string {
	if code == "." || code == ".." {
		return strings.Repeat("~d", len(code))
	}
	return codeEscapes.Replace(code)
}

// CodeOf returns the code that a segment stands for.
func CodeOf(segment string) string { return codeUnescapes.Replace(segment) }

// ValidCode reports whether a text can be a product's code, by the contract.
func ValidCode(code string) bool {
	if code == "" || len(code) > maxCode {
		return false
	}
	for _, c := range []byte(code) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("._/-", rune(c)) {
			return false
		}
	}
	return true
}

// maxCode is how long a code may be.
const maxCode = 64

// ProductPath returns the address of a product's page.
func ProductPath(code, name string) string { return "/p/" + codeSegment(code) + "/" + slug(name) }

// CategoryPath returns the address of a category's page.
func CategoryPath(id, name string) string { return "/c/" + id + "/" + slug(name) }

// maxSlug is how many letters of a name an address holds.
const maxSlug = 60

// slug returns a name as it stands in an address: small letters and digits of any alphabet
// without their marks, parted by "-", escaped.
func slug(name string) string {
	var b strings.Builder
	letters, gap := 0, false
	for _, r := range norm.NFKD.String(name) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			gap = letters > 0
			continue
		case letters == maxSlug:
			return url.PathEscape(b.String())
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteRune(unicode.ToLower(r))
		letters++
	}
	if letters == 0 {
		return "-"
	}
	return url.PathEscape(norm.NFC.String(b.String()))
}
