package pages

import (
	"net/http"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// The fields of forms about accounts that are in several of them, named as the contract's.
const (
	tokenField, passwordField, newPasswordField, codeField = "token", "password", "new_password", "totp_code"
	firstNameField, lastNameField                          = "first_name", "last_name"
	// nextField is the page that a form leads back to.
	nextField = "next"
)

// The reasons of identity and customer that are about what was typed.
const (
	reasonCredentialsInvalid fault.Reason = "CREDENTIALS_INVALID"
	reasonLinkInvalid        fault.Reason = "LINK_INVALID"
	reasonPasswordWeak       fault.Reason = "PASSWORD_WEAK"
	reasonEmailTaken         fault.Reason = "EMAIL_TAKEN"
)

// formPage shows a page that is one form: path is the page's, and message what its fields are
// of. What was typed before, but for passwords, and what is wrong with it, is in the fields.
func (v *visit) formPage(path string, message proto.Message, d view.SingleFormPage) error {
	opened, err := v.session()
	if err != nil {
		return err
	}
	kept, typed := opened.Forms[path]
	for _, fields := range [][]view.FieldData{d.Fields, d.More} {
		for i := range fields {
			v.fillIn(&fields[i], message, kept, typed)
		}
	}
	for _, field := range d.More {
		d.MoreOpen = d.MoreOpen || field.Value != "" || field.Problem != "" || kept.Problems[""] != ""
	}
	if problem := kept.Problems[""]; problem != "" {
		d.Notice = view.NoticeData{Kind: "bad", Text: v.texts.Say(problem)}
	}
	if next := v.next(); next != "" {
		d.Hidden = append(d.Hidden, view.Attribute{Name: nextField, Value: next})
	}
	p := v.page(d.Heading)
	p.Path, p.Hidden = path, true
	return v.show(http.StatusOK, noStore, view.SingleForm(p, d))
}

// sendSuffix ends the address of the form of a page that is one form.
const sendSuffix = "/send"

// fillIn puts what was typed into a field, and what is wrong with it. Its rules are the
// contract's.
func (v *visit) fillIn(field *view.FieldData, message proto.Message, kept session.Form, typed bool) {
	field.Rules = form.RulesOf(message, field.Name)
	if typed {
		field.Value = kept.Values[field.Name]
	}
	if problem := kept.Problems[field.Name]; problem != "" {
		field.Problem = v.texts.Say(problem)
	}
}

// typedInto is what was typed into fields of a form. Passwords and codes are not kept.
func (v *visit) typedInto(names ...string) session.Form {
	typed := session.Form{Values: make(map[string]string)}
	for _, name := range names {
		if value := v.field(name); value != "" && !slices.Contains([]string{passwordField, newPasswordField, codeField}, name) {
			typed.Values[name] = value
		}
	}
	return typed
}

// password is what was typed into a field for a password: blanks at its ends are part of it.
func (v *visit) password(name string) string { return v.request.PostForm.Get(name) }

// answer leads on from a form whose call is made, and forgets what was typed into it; one that
// was refused for what was typed leads back to its page, which tells that. names are the form's
// fields. What was typed is kept whatever went wrong.
func (v *visit) answer(path string, err error, names []string, done func() error) error {
	if err == nil {
		if err := v.remember(func(c *session.Content) { delete(c.Forms, path) }); err != nil {
			return err
		}
		return done()
	}
	typed := v.typedInto(names...)
	typed.Problems = v.problems(err, names)
	kept := v.remember(func(c *session.Content) { c.Keep(path, typed) })
	switch next := v.next(); {
	case len(typed.Problems) == 0:
		return err // what was typed is there when its page is opened again
	case kept != nil:
		return kept
	case next != "":
		return v.see(path, nextField, next)
	default:
		return v.see(path)
	}
}

// problems are the ids of the texts about why a call refused what was typed, by field; none
// where that was not why.
func (v *visit) problems(err error, names []string) map[string]string {
	refused, ok := refusal(err)
	if !ok {
		return nil
	}
	switch refused.Reason() {
	case reasonCredentialsInvalid:
		if len(names) == 1 && names[0] == codeField {
			return map[string]string{codeField: "factor.bad_code"}
		}
		return map[string]string{"": "account.bad_credentials"}
	case reasonLinkInvalid:
		return map[string]string{tokenField: "account.bad_link"}
	case reasonPasswordWeak:
		if slices.Contains(names, newPasswordField) {
			return map[string]string{newPasswordField: "account.bad_password"}
		}
		return map[string]string{passwordField: "account.bad_password"}
	case reasonEmailTaken:
		return map[string]string{"": "account.email_taken"}
	case reasonCustomerHasOpenOrders:
		return map[string]string{"": "erase.open_orders"}
	case reasonTooManyAddresses:
		return map[string]string{"": "address.too_many"}
	case fault.ReasonRequestIDReused:
		return map[string]string{"": "form.sent_before"}
	case fault.ReasonInvalidField:
	default:
		return nil
	}
	problems := make(map[string]string)
	for _, violation := range refused.Violations() {
		// A message in the request is the form as a whole: "customer.first_name" is its field.
		name := violation.Field[strings.LastIndexByte(violation.Field, '.')+1:]
		typed := typedField(violation.Field)
		switch {
		case slices.Contains(names, typed):
			problems[typed] = v.problemOf(typed)
		case slices.Contains(names, name):
			problems[name] = v.problemOf(name)
		default:
			problems[""] = "form.refused"
		}
	}
	return problems
}

// problemOf is what is wrong with a field that the contract refuses.
func (v *visit) problemOf(name string) string {
	switch {
	case v.request.PostForm.Get(name) == "":
		return "form.required"
	case name == emailField:
		return "form.bad_email"
	case name == orderNumberField:
		return "find.bad_number"
	default:
		return "form.bad_text"
	}
}

// next is the page that a form or a page leads back to: one of the shop's own; empty for none.
func (v *visit) next() string {
	path := v.field(nextField)
	if v.request.Method != http.MethodPost {
		path = v.request.URL.Query().Get(nextField)
	}
	if at, _, ok := v.server.find(path); ok && at.form == "" {
		return path
	}
	return ""
}
