package grammar

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The lengths of an e-mail address in octets (RFC 5321, 4.5.3.1, and its erratum
// 1690): 64 before the @, 254 in all with the domain as A-labels.
const (
	MaxEmail     = 254
	maxLocalPart = 64
)

var (
	errEmail     = fault.Breach(fault.RuleEmail, "must be an e-mail address, such as name@example.com")
	errEmailLong = fault.Breach(fault.RuleTooLong, "must have at most 64 bytes before the @, and at most 254 in all")
	errDomain    = fault.Breach(fault.RuleEmail, "must be an e-mail address whose domain is a host name, such as example.com")
)

// Email checks an e-mail address and returns it in the form that is stored and
// sent: without blanks around it, in Unicode's NFC, without quotes, and with a
// domain that has other letters than ASCII's as A-labels (bücher.example is
// xn--bcher-kva.example).
//
// Dots may stand anywhere before the @: docomo gave out addresses such as
// user.@docomo.ne.jp and a..b@docomo.ne.jp, and people still use them. They break
// RFC 5322's dot-atom, so that Mailbox quotes them for the mail server. Letters
// beyond ASCII before the @ are accepted too; only a mail server with SMTPUTF8
// delivers to them, which the sender finds out. IP addresses, comments and quoted
// blanks are refused.
func Email(text string) (string, error) {
	local, domain, err := splitEmail(text)
	if err != nil {
		return "", err
	}
	return local + "@" + domain, nil
}

// EmailKey returns the form under which two spellings of one address are equal: as Email
// returns it, in lower case. A text that is no address is trimmed and put into lower
// case.
func EmailKey(text string) string {
	if email, err := Email(text); err == nil {
		return strings.ToLower(email)
	}
	return strings.ToLower(norm.NFC.String(strings.TrimFunc(text, Invisible)))
}

// ExactEmailKey returns the form in which two addresses, as Email returns them, are surely
// one mailbox when their bytes are equal: with ASCII's letters in lower case, and every other
// byte as it is. It decides whose something is. EmailKey equates more, which finds what
// somebody typed; but a mail to one address must not open what belongs to another that only
// looks the same.
func ExactEmailKey(email string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, email)
}

// Mailbox returns an address as SMTP's commands and a mail's headers write it
// (RFC 5321, 4.1.2): with a quoted local part where it is no dot-atom. utf8 reports
// that the mail server must offer SMTPUTF8 (RFC 6531) to take it.
func Mailbox(email string) (mailbox string, utf8 bool, err error) {
	local, domain, err := splitEmail(email)
	if err != nil {
		return "", false, err
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		local = `"` + local + `"`
	}
	return local + "@" + domain, !ascii(local), nil
}

func splitEmail(text string) (local, domain string, err error) {
	text = strings.TrimFunc(text, Invisible)
	at := strings.LastIndexByte(text, '@')
	if at < 1 || !utf8.ValidString(text) {
		return "", "", errEmail
	}
	// A bound before the work: no valid address is longer, however it is written.
	if len(text) > 4*MaxEmail {
		return "", "", errEmailLong
	}
	local = norm.NFC.String(unquoted(text[:at]))
	if local == "" || strings.ContainsFunc(local, func(r rune) bool { return !inLocalPart(r) }) {
		return "", "", errEmail
	}
	if domain, err = asciiDomain(text[at+1:]); err != nil {
		return "", "", err
	}
	if len(local) > maxLocalPart || len(local)+1+len(domain) > MaxEmail {
		return "", "", errEmailLong
	}
	return local, domain, nil
}

// unquoted drops the quotes of a quoted local part; what stands in them is
// checked like any other local part, so that nothing needs an escape.
func unquoted(local string) string {
	if len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"' {
		return local[1 : len(local)-1]
	}
	return local
}

// inLocalPart accepts RFC 5322's atext, dots, and beyond ASCII what writes words
// (RFC 6532 would allow every character there, invisible ones too).
func inLocalPart(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
			strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r)
	}
	return (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)) && !Invisible(r)
}

// lookup converts host names as programs that look them up do (UTS 46, non-transitional).
// It leaves hyphens to asciiDomain: it would refuse "r3---sn.example" too.
var lookup = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true),
	idna.BidiRule(), idna.VerifyDNSLength(true), idna.CheckHyphens(false))

// asciiDomain returns a host name in ASCII, as DNS and SMTP know it. One that is
// written in ASCII stays as it is.
func asciiDomain(domain string) (string, error) {
	converted, err := lookup.ToASCII(domain)
	if err != nil || strings.HasSuffix(converted, ".") {
		return "", errDomain
	}
	last := ""
	for last = range strings.SplitSeq(converted, ".") {
		if last == "" || last[0] == '-' || last[len(last)-1] == '-' {
			return "", errDomain
		}
	}
	// A last label of digits alone makes an IPv4 address.
	if strings.Trim(last, "0123456789") == "" {
		return "", errDomain
	}
	if ascii(domain) {
		return domain, nil
	}
	return converted, nil
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
