package domain

import "strings"

// Language is one that mails are written in: the first part of its BCP 47 code.
type Language string

// The languages.
const (
	English Language = "en"
	German  Language = "de"
	Arabic  Language = "ar"
)

// Languages returns those that mails are written in. Another one is a case here and in
// LanguageOf, and its texts.
func Languages() []Language { return []Language{English, German, Arabic} }

// LanguageOf returns the language that a mail is written in for a language code (BCP 47):
// that one where there are texts in it, else English.
func LanguageOf(code string) Language {
	primary, _, _ := strings.Cut(strings.ToLower(code), "-")
	switch language := Language(primary); language {
	case German, Arabic:
		return language
	default:
		return English
	}
}
