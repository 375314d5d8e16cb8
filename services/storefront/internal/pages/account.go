package pages

import (
	"net/http"

	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// accountPath is the page of the visitor's account, and begins the addresses of all that is in
// it.
const accountPath = "/account"

// account is the page from which all that an account holds is reached.
func (s *Server) account(v *visit) error {
	self, err := s.Accounts.Self(v.asAccount())
	if err != nil {
		return err
	}
	d := view.AccountPage{Email: self.GetEmail(), Links: v.accountLinks()}
	if v.request.URL.Query().Has(welcomeField) {
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("account.welcome")}
	}
	p := v.page(v.texts.Say("account.title"))
	p.Path, p.Hidden = accountPath, true
	return v.show(http.StatusOK, noStore, view.Account(p, d))
}

// accountLinks lead to all that an account holds.
func (v *visit) accountLinks() []view.Link {
	return []view.Link{
		{Text: v.texts.Say("account.orders"), Href: ownOrdersPath}, {Text: v.texts.Say("address.title"), Href: addressesPath},
		{Text: v.texts.Say("account.profile"), Href: profilePath}, {Text: v.texts.Say("account.change_email"), Href: emailPath},
		{Text: v.texts.Say("account.change_password"), Href: passwordPath}, {Text: v.texts.Say("factor.title"), Href: factorPath},
		{Text: v.texts.Say("sessions.title"), Href: sessionsPath}, {Text: v.texts.Say("erase.title"), Href: erasePath},
	}
}
