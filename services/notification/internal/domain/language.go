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

// accountPages is where the pages of accounts are, to which mails about them lead.
const accountPages = "/account/"

// InLanguage returns the link of a mail about an account as it leads to the page in the language
// that the mail is written in: pages have it before their path. A page that is not offered in it
// leads to that in the first language (docs/decisions/0067). A link stays as it is where no
// language is named, and where it leads elsewhere, as an invitation does to the office.
func InLanguage(link, code string) string {
	site, page, found := strings.Cut(link, accountPages)
	if !found || code == "" {
		return link
	}
	return site + "/" + string(LanguageOf(code)) + accountPages + page
}
