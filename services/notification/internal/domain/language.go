package domain

import "strings"

// Language is one that mails are written in: the first part of its BCP 47 code.
type Language string

// The languages.
const (
	English Language = "en"
	German  Language = "de"
)

// LanguageOf returns the language that a mail is written in, of an order with a language code
// (BCP 47): that one where there is the kind's text in it, else English. A text in another
// language is a case here, its templates, its subject and its words.
func LanguageOf(kind Kind, code string) Language {
	primary, _, _ := strings.Cut(strings.ToLower(code), "-")
	switch {
	case Language(primary) == German && kind == OrderConfirmed:
		return German
	default:
		return English
	}
}
