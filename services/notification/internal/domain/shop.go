package domain

import "strings"

// Shop is what mails need of the settings of the shop as a whole.
type Shop struct {
	ShopDetails
	// Sender is the address that mails come from, SenderName the name beside it, the shop's
	// when empty; ReplyTo is the address that answers go to, the sender's when empty.
	Sender, SenderName, ReplyTo string
	// Subjects are those that differ from the usual ones; see Subject.
	Subjects map[Kind]string
}

// ShopDetails are what the text of a mail states about the shop: as it was when the mail was
// requested, so that the text is the same at every attempt.
type ShopDetails struct {
	Name string
	// LegalNotices are the addresses of pages in the order of LegalNotice, "" for those that
	// there are not; nil when there are none.
	LegalNotices []string
}

// LegalNotice is a page that the law requires a shop to name.
type LegalNotice int

// The legal notices, in the order in which mails name them.
const (
	Imprint LegalNotice = iota
	Terms
	Privacy
	Withdrawal
)

// NewLegalNotices returns addresses in their order; nil when all are empty.
func NewLegalNotices(imprint, terms, privacy, withdrawal string) []string {
	if imprint+terms+privacy+withdrawal == "" {
		return nil
	}
	return []string{Imprint: imprint, Terms: terms, Privacy: privacy, Withdrawal: withdrawal}
}

// Domain is the sender address' domain: the right side of Message-IDs.
func (s Shop) Domain() string {
	return s.Sender[strings.LastIndexByte(s.Sender, '@')+1:]
}

// SubjectValues are what the subject of a mail may name, for people.
type SubjectValues struct {
	// Number is the order's; Amount is what is refunded.
	Number, Amount string
}

// maxSubject bounds a subject, in characters.
const maxSubject = 250

// Subject returns the subject of a mail: the one that an owner set for its kind, in whatever
// language, else the usual one.
func (s Shop) Subject(kind Kind, usual string, values SubjectValues) string {
	pattern, ok := s.Subjects[kind]
	if !ok {
		pattern = usual
	}
	subject := []rune(strings.NewReplacer("{shop}", s.Name, "{number}", values.Number, "{amount}", values.Amount).Replace(pattern))
	return string(subject[:min(len(subject), maxSubject)])
}
