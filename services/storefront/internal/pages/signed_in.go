package pages

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
)

const (
	// reasonTokenReused ends a session whose refresh token was shown twice.
	reasonTokenReused fault.Reason = "TOKEN_REUSED"
	// accountField is the field of a form that names the customer whom it was shown to.
	accountField = "account"
	// renewalPatience bounds how long it may take to renew the tokens of a session.
	renewalPatience = 10 * time.Second
)

// asAccount returns a context whose calls are made as the account that the visitor signed in to.
func (v *visit) asAccount() context.Context {
	if v.opened == nil || v.opened.Account == nil {
		return v.as("")
	}
	return v.as(v.opened.Account.Access)
}

// shopper is the token as which the visitor has a cart and orders: that of their account, else
// of a guest's cart; empty for none.
func (v *visit) shopper() string {
	if v.opened.Account != nil {
		return v.opened.Account.Access
	}
	return v.opened.Cart
}

// servePerson answers a page. Where a call finds that the access token of the visitor's account
// is over, it did nothing: the token is renewed, and the page is made once more.
func (s *Server) servePerson(v *visit, answer page) error {
	err := answer(v)
	if v.opened == nil || v.opened.Account == nil || !isOver(err) {
		return err
	}
	if err := s.renew(v); err != nil {
		return err
	}
	return answer(v)
}

// isOver reports whether a call or a refresh was refused because what it showed is over.
func isOver(err error) bool {
	switch reasonOf(err) {
	case fault.ReasonTokenExpired, fault.ReasonUnauthenticated, reasonTokenReused:
		return true
	default:
		return false
	}
}

// renew exchanges the tokens of the visitor's account, once for all requests that need it now:
// a refresh token that is used twice ends its session (docs/decisions/0071). Where the session
// is over, the visitor is a guest from here on.
func (s *Server) renew(v *visit) error {
	was := v.opened.Account
	_, err, _ := s.renewals.Do(was.Refresh, func() (any, error) {
		// The answer must be kept, also where who asked first has left.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(v.request.Context()), renewalPatience)
		defer cancel()
		current, err := s.Sessions.Current(ctx, v.opened)
		if err != nil || current.Account == nil || current.Account.Refresh != was.Refresh {
			return nil, err // another request was quicker
		}
		next, err := s.Accounts.Refresh(visitorOf(ctx, ""), was.Refresh)
		if err != nil && !isOver(err) {
			return nil, err
		}
		return nil, s.Sessions.Change(ctx, v.w, current, func(c *session.Content) {
			switch {
			case c.Account == nil || c.Account.Refresh != was.Refresh:
			case next == nil:
				c.Expire()
			default:
				c.Account = &session.Account{Customer: was.Customer, Access: next.GetAccessToken(), Refresh: next.GetRefreshToken()}
			}
		})
	})
	if err != nil {
		return err
	}
	v.opened, err = s.Sessions.Current(v.request.Context(), v.opened)
	return err
}

// signedIn has a page answer only those who signed in. Others are led to that, and come back: to
// the page of the form that they sent, with what they typed.
func (s *Server) signedIn(answer page) page {
	return func(v *visit) error {
		opened, err := v.session()
		if err != nil {
			return err
		}
		switch {
		case opened.Account == nil && reads(v.request):
			return v.see(signInPath, nextField, v.path)
		case opened.Account == nil || v.isShownToAnother():
			return v.hold(v.typedInto(slices.Sorted(maps.Keys(v.request.PostForm))...))
		default:
			return answer(v)
		}
	}
}

// isShownToAnother reports whether the form that was sent was shown to a customer who is not
// signed in any more.
func (v *visit) isShownToAnother() bool {
	customer := v.field(accountField)
	return customer != "" && (v.opened.Account == nil || v.opened.Account.Customer != customer)
}

// hold keeps what was typed into a form for the customer whom it was shown to, and leads them to
// signing in and back to the form's page (docs/decisions/0110).
func (v *visit) hold(typed session.Form) error {
	customer, path := v.field(accountField), v.formsPage()
	if customer != "" {
		typed.Problems = map[string]string{"": "form.not_sent"}
		if err := v.remember(func(c *session.Content) { c.Hold(customer, path, typed) }); err != nil {
			return err
		}
	}
	return v.see(signInPath, nextField, path)
}

// begin keeps that the visitor signed in, under another secret of their browser's, and puts what
// they had in a guest's cart into their own.
func (s *Server) begin(v *visit, tokens *identityv1.Session) error {
	opened, err := v.session()
	if err != nil {
		return err
	}
	self, err := s.Accounts.Self(v.as(tokens.GetAccessToken()))
	if err != nil {
		return err
	}
	account := &session.Account{Customer: self.GetCustomerId(), Access: tokens.GetAccessToken(), Refresh: tokens.GetRefreshToken()}
	err = s.Sessions.Renew(v.request.Context(), v.w, opened, func(c *session.Content) {
		c.SignIn(account)
		c.Next = ""
		if c.Salt == "" {
			c.Salt = uuid.NewString()
		}
		for _, path := range []string{signInPath, signUpPath, verifyPath, forgotPath, resetPath} {
			delete(c.Forms, path)
		}
	})
	if err != nil {
		return err
	}
	if _, err := v.cart(); err != nil {
		// The next page that needs the cart merges it.
		s.Log.WarnContext(v.request.Context(), "the cart of who signed in could not be read", "cause", err.Error())
	}
	return nil
}
