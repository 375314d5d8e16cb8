package pages

import (
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// forgotPath is where the link is requested that sets another password, and resetPath where
	// it leads.
	forgotPath = accountPath + "/forgot"
	resetPath  = accountPath + "/reset"
	// confirmPath is where the link leads that is mailed to an account's next address.
	confirmPath = accountPath + "/confirm-email"
)

// forgotPage is the page on which somebody requests the link to set another password.
func (s *Server) forgotPage(v *visit) error {
	d := view.SingleFormPage{
		Heading: v.texts.Say("account.forgot"), Text: v.texts.Say("account.forgot_text"), Action: forgotPath + sendSuffix, Submit: v.texts.Say("find.submit"),
		Fields: []view.FieldData{v.emailField()},
		Links:  []view.Link{{Text: v.texts.Say("account.to_reset"), Href: resetPath}},
	}
	if v.request.URL.Query().Has(sentField) {
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("account.reset_sent")}
	}
	return v.formPage(forgotPath, &identityv1.RequestPasswordResetRequest{}, d)
}

// forgot has the link mailed. Its answer is the same whether the address has an account.
func (s *Server) forgot(v *visit) error {
	err := s.Accounts.RequestReset(v.as(""), v.field(emailField), v.texts.Language())
	return v.answer(forgotPath, err, []string{emailField}, func() error { return v.see(forgotPath, sentField, "1") })
}

// resetPage is the page to which the mailed link leads.
func (s *Server) resetPage(v *visit) error {
	return v.formPage(resetPath, &identityv1.ResetPasswordRequest{}, view.SingleFormPage{
		Heading: v.texts.Say("account.reset"), Action: resetPath + sendSuffix, Submit: v.texts.Say("account.reset_submit"),
		Fields: []view.FieldData{v.linkField(), v.newPassword(passwordField)},
		Links:  []view.Link{{Text: v.texts.Say("account.another_link"), Href: forgotPath}},
	})
}

// reset sets the password. All sessions of the account are over then, this browser's, too.
func (s *Server) reset(v *visit) error {
	err := s.Accounts.Reset(v.as(""), v.linkToken(), v.password(passwordField))
	return v.answer(resetPath, err, []string{tokenField, passwordField}, func() error { return v.see(signInPath, resetField, "1") })
}

// confirmPage is the page to which the link leads that is mailed to an account's next address.
func (s *Server) confirmPage(v *visit) error {
	return v.formPage(confirmPath, &identityv1.ConfirmEmailChangeRequest{}, view.SingleFormPage{
		Heading: v.texts.Say("account.confirm_email"), Action: confirmPath + sendSuffix, Submit: v.texts.Say("account.confirm_submit"),
		Fields: []view.FieldData{v.linkField()},
	})
}

// confirm makes the address the one that signs in.
func (s *Server) confirm(v *visit) error {
	err := s.Accounts.ConfirmEmail(v.as(""), v.linkToken())
	return v.answer(confirmPath, err, []string{tokenField}, func() error { return v.see(signInPath, confirmedField, "1") })
}
