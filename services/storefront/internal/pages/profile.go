package pages

import (
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// profilePath is where a customer changes their name and phone number, emailPath their
	// e-mail address and passwordPath their password.
	profilePath  = accountPath + "/profile"
	emailPath    = accountPath + "/email"
	passwordPath = accountPath + "/password"

	phoneField   = "phone"
	changedField = "changed"
)

// profile is the page on which a customer changes their name and phone number.
func (s *Server) profile(v *visit) error {
	customer, err := v.customer()
	if err != nil {
		return err
	}
	return v.formPage(profilePath, &customerv1.Customer{}, view.SingleFormPage{
		Heading: v.texts.Say("account.profile"), Action: profilePath + sendSuffix, Submit: v.texts.Say("account.save"), Notice: v.changedNotice(),
		Fields: []view.FieldData{
			{Name: firstNameField, Label: v.texts.Say("checkout.first_name"), Value: customer.GetFirstName(), Autocomplete: "given-name", Dir: "auto"},
			{Name: lastNameField, Label: v.texts.Say("checkout.last_name"), Value: customer.GetLastName(), Autocomplete: "family-name", Dir: "auto"},
			{Name: phoneField, Label: v.texts.Say("checkout.phone"), Value: customer.GetPhone(), Type: "tel", Autocomplete: "tel", Dir: "ltr"},
		},
		Links: []view.Link{
			{Text: v.texts.Say("account.change_email"), Href: emailPath}, {Text: v.texts.Say("account.change_password"), Href: passwordPath},
			{Text: v.texts.Say("account.back"), Href: accountPath},
		},
	})
}

// changedNotice tells that what was typed is kept.
func (v *visit) changedNotice() view.NoticeData {
	if !v.request.URL.Query().Has(changedField) {
		return view.NoticeData{}
	}
	return view.NoticeData{Kind: "good", Text: v.texts.Say("account.changed")}
}

// saveProfile keeps a customer's name and phone number.
func (s *Server) saveProfile(v *visit) error {
	err := s.Customers.Change(v.asAccount(), &customerv1.Customer{
		Id: v.opened.Account.Customer, FirstName: v.field(firstNameField), LastName: v.field(lastNameField), Phone: v.field(phoneField),
	}, firstNameField, lastNameField, phoneField)
	return v.answer(profilePath, err, []string{firstNameField, lastNameField, phoneField}, func() error { return v.see(profilePath, changedField, "1") })
}

// changeEmail is the page on which another e-mail address is requested.
func (s *Server) changeEmail(v *visit) error {
	d := view.SingleFormPage{
		Heading: v.texts.Say("account.change_email"), Text: v.texts.Say("account.change_email_text"), Action: emailPath + sendSuffix, Submit: v.texts.Say("find.submit"),
		Fields: []view.FieldData{v.emailField(), v.passwordField(passwordField, v.texts.Say("account.password"))},
		More:   []view.FieldData{v.codeField()}, MoreText: v.texts.Say("account.code_more"),
		Links: []view.Link{{Text: v.texts.Say("account.back"), Href: accountPath}},
	}
	if v.request.URL.Query().Has(sentField) {
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("account.email_sent")}
	}
	return v.formPage(emailPath, &identityv1.RequestEmailChangeRequest{}, d)
}

// sendEmailLink has a link mailed to the other address. Its answer is the same whether another
// account has that.
func (s *Server) sendEmailLink(v *visit) error {
	err := s.Accounts.RequestEmail(v.asAccount(), v.field(emailField), v.password(passwordField), v.code(), v.texts.Language())
	return v.answer(emailPath, err, []string{emailField, passwordField, codeField}, func() error { return v.see(emailPath, sentField, "1") })
}

// changePassword is the page on which another password is set.
func (s *Server) changePassword(v *visit) error {
	return v.formPage(passwordPath, &identityv1.ChangePasswordRequest{}, view.SingleFormPage{
		Heading: v.texts.Say("account.change_password"), Text: v.texts.Say("account.change_password_text"), Action: passwordPath + sendSuffix,
		Submit: v.texts.Say("account.reset_submit"), Notice: v.changedNotice(),
		Fields: []view.FieldData{v.passwordField(passwordField, v.texts.Say("account.password")), v.newPassword(newPasswordField)},
		More:   []view.FieldData{v.codeField()}, MoreText: v.texts.Say("account.code_more"),
		Links: []view.Link{{Text: v.texts.Say("account.back"), Href: accountPath}},
	})
}

// savePassword sets another password. All other sessions of the account are over then; this one
// gets other tokens with the next page that needs them.
func (s *Server) savePassword(v *visit) error {
	err := s.Accounts.ChangePassword(v.asAccount(), v.password(passwordField), v.password(newPasswordField), v.code())
	return v.answer(passwordPath, err, []string{passwordField, newPasswordField, codeField}, func() error { return v.see(passwordPath, changedField, "1") })
}
