package pages

import (
	"context"
	"net/http"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// exportPath is where the file of all that is kept about a customer is, and erasePath where
	// it is erased.
	exportPath = accountPath + "/export"
	erasePath  = accountPath + "/erase"
	// erasedField tells that it was.
	erasedField = "erased"
	// exportPatience bounds how long it may take to gather it, as the contract does.
	exportPatience = 8 * time.Second
)

const reasonCustomerHasOpenOrders fault.Reason = "CUSTOMER_HAS_OPEN_ORDERS"

// export answers with the file of all that the shop holds about who signed in. It is a form, so
// that nobody gets it by following a link.
func (s *Server) export(v *visit) error {
	ctx, cancel := context.WithTimeout(v.asAccount(), exportPatience)
	defer cancel()
	content, contentType, err := s.Customers.Export(ctx, v.opened.Account.Customer)
	if err != nil {
		return err
	}
	v.protect()
	v.w.Header().Set("Content-Disposition", `attachment; filename="account.json"`)
	v.send(http.StatusOK, noStore, contentType, content)
	return nil
}

// erasePage is the page on which an account is erased. It says what goes and what stays.
func (s *Server) erasePage(v *visit) error {
	return v.formPage(erasePath, &identityv1.ReauthenticateRequest{}, view.SingleFormPage{
		Heading: v.texts.Say("erase.title"), Text: v.texts.Say("erase.text"), Action: erasePath + sendSuffix, Submit: v.texts.Say("erase.submit"), Danger: true,
		Fields: []view.FieldData{v.passwordField(passwordField, v.texts.Say("account.password"))},
		More:   []view.FieldData{v.codeField()}, MoreText: v.texts.Say("account.code_more"),
		Links: []view.Link{{Text: v.texts.Say("account.orders"), Href: ownOrdersPath}, {Text: v.texts.Say("account.back"), Href: accountPath}},
	})
}

// erase erases who signed in, once they proved again who they are. The browser keeps nothing of
// them then.
func (s *Server) erase(v *visit) error {
	names, customer := []string{passwordField, codeField}, v.opened.Account.Customer
	proved, err := s.Accounts.Reauthenticate(v.asAccount(), v.password(passwordField), v.code())
	if err == nil {
		err = s.Customers.Erase(v.as(proved.GetAccessToken()), customer)
	}
	return v.answer(erasePath, err, names, func() error {
		if err := s.Sessions.End(v.request.Context(), v.w, v.opened); err != nil {
			return err
		}
		return v.see(signInPath, erasedField, "1")
	})
}
