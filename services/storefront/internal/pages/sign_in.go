package pages

import (
	"cmp"
	"net/url"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// signInPath is where a customer signs in.
const signInPath = accountPath + "/sign-in"

// The fields of addresses that tell what was done about an account.
const (
	welcomeField, resetField, confirmedField, outField = "welcome", "reset", "confirmed", "out"
)

// signInPage is the page on which a customer signs in.
func (s *Server) signInPage(v *visit) error {
	opened, err := v.session()
	if err != nil {
		return err
	}
	if opened.Account != nil {
		return v.see(cmp.Or(v.next(), accountPath))
	}
	signUp := signUpPath
	if next := v.next(); next != "" {
		signUp = withQuery(signUp, url.Values{nextField: {next}})
	}
	d := view.SingleFormPage{
		Heading: v.texts.Say("account.sign_in"), Action: signInPath + sendSuffix, Submit: v.texts.Say("account.sign_in"), Notice: v.signInNotice(),
		Fields: []view.FieldData{v.emailField(), v.passwordField(passwordField, v.texts.Say("account.password"))},
		More:   []view.FieldData{v.codeField()}, MoreText: v.texts.Say("account.code_more"),
		Links: []view.Link{
			{Text: v.texts.Say("account.to_sign_up"), Href: signUp}, {Text: v.texts.Say("account.to_forgot"), Href: forgotPath},
			{Text: v.texts.Say("account.to_find"), Href: findPath},
		},
	}
	return v.formPage(signInPath, &identityv1.SignInRequest{}, d)
}

// signInNotice tells what was done before signing in.
func (v *visit) signInNotice() view.NoticeData {
	query := v.request.URL.Query()
	for field, text := range map[string]string{
		resetField: v.texts.Say("account.was_reset"), confirmedField: v.texts.Say("account.email_confirmed"), outField: v.texts.Say("account.signed_out"),
		erasedField: v.texts.Say("erase.done"),
	} {
		if query.Has(field) {
			return view.NoticeData{Kind: "good", Text: text}
		}
	}
	return view.NoticeData{}
}

// passwordField is a field for the password that an account has.
func (v *visit) passwordField(name, label string) view.FieldData {
	return view.FieldData{Name: name, Label: label, Type: "password", Autocomplete: "current-password", Dir: "ltr"}
}

// newPassword is a field for a password that an account gets.
func (v *visit) newPassword(name string) view.FieldData {
	return view.FieldData{
		Name: name, Label: v.texts.Say("account.new_password"), Hint: v.texts.Say("account.password_hint"), Type: "password", Autocomplete: "new-password", Dir: "ltr",
	}
}

// codeField is a field for the code of a second factor, for accounts that have one.
func (v *visit) codeField() view.FieldData {
	return view.FieldData{Name: codeField, Label: v.texts.Say("account.code"), Autocomplete: "one-time-code", Dir: "ltr"}
}

// signIn signs a customer in, and leads them back to where they came from.
func (s *Server) signIn(v *visit) error {
	tokens, err := s.Accounts.SignIn(v.as(""), v.field(emailField), v.password(passwordField), v.code())
	return v.answer(signInPath, err, []string{emailField, passwordField, codeField}, func() error {
		if err := s.begin(v, tokens); err != nil {
			return err
		}
		return v.see(cmp.Or(v.next(), accountPath))
	})
}

// signOut ends the session here and at identity. The browser keeps nothing of the visitor.
func (s *Server) signOut(v *visit) error {
	opened, err := v.session()
	if err != nil {
		return err
	}
	if opened.Account != nil {
		if err := s.Accounts.SignOut(v.as(""), opened.Account.Refresh); err != nil {
			return err
		}
	}
	if err := s.Sessions.End(v.request.Context(), v.w, opened); err != nil {
		return err
	}
	return v.see(signInPath, outField, "1")
}
