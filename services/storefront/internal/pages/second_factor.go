package pages

import (
	"strings"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// factorPath is where an account gets a second factor, and where it is taken off.
	factorPath        = accountPath + "/second-factor"
	confirmFactorPath = factorPath + "/confirm"
	keptCodesPath     = factorPath + "/kept"
	removeFactorPath  = factorPath + "/remove"

	onField, offField = "on", "off"
	// setupLife is how long a secret that nobody confirmed can be confirmed, and how long recovery
	// codes are shown.
	setupLife = 10 * time.Minute
)

// secondFactor is the page on which an account gets a second factor, step by step: who asks
// proves who they are, shows a code of the secret, and keeps the recovery codes. One that an
// account has is taken off here.
func (s *Server) secondFactor(v *visit) error {
	setup := v.opened.Factor
	switch {
	case setup == nil:
	case !s.Now().Before(setup.Until):
		if err := v.remember(func(c *session.Content) { c.Factor = nil }); err != nil {
			return err
		}
	case len(setup.Codes) > 0:
		return v.formPage(factorPath, &identityv1.ReauthenticateRequest{}, view.SingleFormPage{
			Heading: v.texts.Say("factor.codes"), Text: v.texts.Say("factor.codes_text"), Above: view.RecoveryCodes(setup.Codes),
			Action: keptCodesPath, Submit: v.texts.Say("factor.codes_kept"),
		})
	default:
		return v.formPage(factorPath, &identityv1.ConfirmTotpRequest{}, view.SingleFormPage{
			Heading: v.texts.Say("factor.confirm"), Text: v.texts.Say("factor.confirm_text"), Above: view.FactorSecret(v.texts, setup.Secret, setup.URI),
			Action: confirmFactorPath, Submit: v.texts.Say("factor.turn_on"),
			Fields: []view.FieldData{{Name: codeField, Label: v.texts.Say("factor.code"), Autocomplete: "one-time-code", InputMode: "numeric", Dir: "ltr"}},
			Links:  []view.Link{{Text: v.texts.Say("account.back"), Href: accountPath}},
		})
	}
	self, err := s.Accounts.Self(v.asAccount())
	if err != nil {
		return err
	}
	d := view.SingleFormPage{
		Heading: v.texts.Say("factor.title"), Text: v.texts.Say("factor.text"), Action: factorPath + sendSuffix, Submit: v.texts.Say("factor.begin"),
		Notice: v.factorNotice(), Fields: []view.FieldData{v.passwordField(passwordField, v.texts.Say("account.password"))},
		Links: []view.Link{{Text: v.texts.Say("account.back"), Href: accountPath}},
	}
	if self.GetTotpEnrolled() {
		d.Text, d.Action, d.Submit, d.Danger = v.texts.Say("factor.has"), removeFactorPath, v.texts.Say("factor.remove"), true
		d.Fields = append(d.Fields, v.codeField())
	}
	return v.formPage(factorPath, &identityv1.ReauthenticateRequest{}, d)
}

// factorNotice tells what became of the second factor.
func (v *visit) factorNotice() view.NoticeData {
	switch query := v.request.URL.Query(); {
	case query.Has(onField):
		return view.NoticeData{Kind: "good", Text: v.texts.Say("factor.on")}
	case query.Has(offField):
		return view.NoticeData{Kind: "good", Text: v.texts.Say("factor.off")}
	default:
		return view.NoticeData{}
	}
}

// code is what was typed into the field for a code: authenticators show it in two groups.
func (v *visit) code() string { return strings.ReplaceAll(v.field(codeField), " ", "") }

// beginFactor draws the secret of a second factor for who proved who they are. It is in the
// session, sealed, until a code of it is shown: the account has nothing of it before.
func (s *Server) beginFactor(v *visit) error {
	proved, err := s.Accounts.Reauthenticate(v.asAccount(), v.password(passwordField), "")
	var drawn *identityv1.EnrollTotpResponse
	if err == nil {
		drawn, err = s.Accounts.EnrollTotp(v.as(proved.GetAccessToken()))
	}
	return v.answer(factorPath, err, []string{passwordField}, func() error {
		err := v.remember(func(c *session.Content) {
			if c.Account == nil {
				return // signed out meanwhile
			}
			c.Account = &session.Account{Customer: c.Account.Customer, Access: proved.GetAccessToken(), Refresh: c.Account.Refresh}
			c.Factor = &session.Factor{Secret: drawn.GetSecret(), URI: drawn.GetUri(), Until: s.Now().Add(setupLife)}
		})
		if err != nil {
			return err
		}
		return v.see(factorPath)
	})
}

// confirmFactor makes the secret the account's second factor, by a code of it. All other sessions
// of the account are over then.
func (s *Server) confirmFactor(v *visit) error {
	setup := v.opened.Factor
	if setup == nil || setup.Secret == "" || !s.Now().Before(setup.Until) {
		return v.see(factorPath)
	}
	codes, err := s.Accounts.ConfirmTotp(v.asAccount(), setup.Secret, v.code())
	if reasonOf(err) == fault.ReasonStepUpRequired { // the proof is too old
		err := v.remember(func(c *session.Content) {
			c.Factor = nil
			c.Keep(factorPath, session.Form{Problems: map[string]string{"": "factor.too_late"}})
		})
		if err != nil {
			return err
		}
		return v.see(factorPath)
	}
	return v.answer(factorPath, err, []string{codeField}, func() error {
		err := v.remember(func(c *session.Content) { c.Factor = &session.Factor{Codes: codes, Until: s.Now().Add(setupLife)} })
		if err != nil {
			return err
		}
		return v.see(factorPath)
	})
}

// keptCodes forgets the recovery codes, which their owner has now.
func (s *Server) keptCodes(v *visit) error {
	if err := v.remember(func(c *session.Content) { c.Factor = nil }); err != nil {
		return err
	}
	return v.see(factorPath, onField, "1")
}

// removeFactor takes the second factor off the account, by a proof with a code of it.
func (s *Server) removeFactor(v *visit) error {
	proved, err := s.Accounts.Reauthenticate(v.asAccount(), v.password(passwordField), v.code())
	if err == nil {
		err = s.Accounts.RemoveTotp(v.as(proved.GetAccessToken()))
	}
	return v.answer(factorPath, err, []string{passwordField, codeField}, func() error { return v.see(factorPath, offField, "1") })
}
