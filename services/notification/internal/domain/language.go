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

const (
	// guestsOrders is where the links of guests' orders lead.
	guestsOrders = "/o/"
	// findPage is where somebody requests another link to an order.
	findPage = "/orders/find"
)

// FindPage returns the address of the page on which another link to an order is requested, in the
// language that the mail is written in, as InLanguage has it. It is beside the one that the
// order's link leads to. What is no such link, as the words that stand where one was, is returned
// as it is.
func FindPage(orderLink, code string) string {
	at := strings.LastIndex(orderLink, guestsOrders)
	switch {
	case at < 0:
		return orderLink
	case code == "":
		return orderLink[:at] + findPage
	default:
		return orderLink[:at] + "/" + string(LanguageOf(code)) + findPage
	}
}
