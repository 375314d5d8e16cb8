package pages

import (
	"strings"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// signUpPath is where an account is requested, and verifyPath where the mailed link leads
	// that makes it.
	signUpPath = accountPath + "/sign-up"
	verifyPath = accountPath + "/verify"
)

// signUpPage is the page on which somebody requests an account.
func (s *Server) signUpPage(v *visit) error {
	d := view.SingleFormPage{
		Heading: v.texts.Say("account.sign_up"), Text: v.texts.Say("account.sign_up_text"), Action: signUpPath + sendSuffix, Submit: v.texts.Say("account.sign_up_submit"),
		Fields: []view.FieldData{v.emailField()},
		Links:  []view.Link{{Text: v.texts.Say("account.to_verify"), Href: verifyPath}, {Text: v.texts.Say("account.to_sign_in"), Href: signInPath}},
	}
	if v.request.URL.Query().Has(sentField) {
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("account.link_sent")}
	}
	return v.formPage(signUpPath, &identityv1.SignUpRequest{}, d)
}

// signUp has the link mailed. Its answer is the same whether the address has an account. The page
// to come back to is kept until the link is followed.
func (s *Server) signUp(v *visit) error {
	err := s.Accounts.SignUp(v.as(""), v.field(emailField), v.texts.Language())
	return v.answer(signUpPath, err, []string{emailField}, func() error {
		if err := v.remember(func(c *session.Content) { c.Next = v.next() }); err != nil {
			return err
		}
		return v.see(signUpPath, sentField, "1")
	})
}

// verifyPage is the page to which the mailed link leads. The script takes the link's token out
// of the address; without one it is pasted.
func (s *Server) verifyPage(v *visit) error {
	return v.formPage(verifyPath, &identityv1.VerifyEmailRequest{}, view.SingleFormPage{
		Heading: v.texts.Say("account.verify"), Action: verifyPath + sendSuffix, Submit: v.texts.Say("account.verify_submit"),
		Fields: []view.FieldData{
			v.linkField(), v.newPassword(passwordField),
			{Name: firstNameField, Label: v.texts.Say("checkout.first_name"), Autocomplete: "given-name", Dir: "auto"},
			{Name: lastNameField, Label: v.texts.Say("checkout.last_name"), Autocomplete: "family-name", Dir: "auto"},
		},
		Links: []view.Link{{Text: v.texts.Say("account.another_link"), Href: signUpPath}},
	})
}

// linkField is a field for the token of a mailed link.
func (v *visit) linkField() view.FieldData {
	return view.FieldData{Name: tokenField, Label: v.texts.Say("account.link"), Hint: v.texts.Say("account.link_hint"), Autocomplete: "one-time-code", Dir: "ltr", Link: true}
}

// linkToken is the token that was typed: what stands after the # of a link that was pasted as a
// whole.
func (v *visit) linkToken() string {
	text := v.field(tokenField)
	return text[strings.LastIndexByte(text, '#')+1:]
}

// verify makes the account, and signs in to it.
func (s *Server) verify(v *visit) error {
	tokens, err := s.Accounts.Verify(v.as(""), &identityv1.VerifyEmailRequest{
		Token: v.linkToken(), Password: v.password(passwordField), FirstName: v.field(firstNameField), LastName: v.field(lastNameField),
		LanguageCode: v.texts.Language(),
	})
	return v.answer(verifyPath, err, []string{tokenField, passwordField, firstNameField, lastNameField}, func() error {
		next := v.opened.Next
		if err := s.begin(v, tokens); err != nil {
			return err
		}
		if next != "" {
			return v.see(next)
		}
		return v.see(accountPath, welcomeField, "1")
	})
}
