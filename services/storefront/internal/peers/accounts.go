package peers

import (
	"context"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
)

// Accounts are those of customers who sign in.
type Accounts struct {
	accounts identityv1connect.AccountServiceClient
}

// proofPatience is how long a call may take that has a password hashed, as its contract says:
// many at once wait for each other.
const proofPatience = 15 * time.Second

// NewAccounts returns the accounts of others.
func NewAccounts(others *peer.Peers) *Accounts {
	return &Accounts{identityv1connect.NewAccountServiceClient(others.Client("identity"))}
}

// SignUp has the link mailed that makes an account, in a language.
func (a *Accounts) SignUp(ctx context.Context, email, language string) error {
	_, err := a.accounts.SignUp(ctx, &identityv1.SignUpRequest{Email: email, LanguageCode: language})
	return err
}

// Verify makes the account of a mailed link, and signs in.
func (a *Accounts) Verify(ctx context.Context, req *identityv1.VerifyEmailRequest) (*identityv1.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	res, err := a.accounts.VerifyEmail(ctx, req)
	return res.GetSession(), err
}

// SignIn signs a customer in.
func (a *Accounts) SignIn(ctx context.Context, email, password, code string) (*identityv1.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	res, err := a.accounts.SignIn(ctx, &identityv1.SignInRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: email, Password: password, TotpCode: code,
	})
	return res.GetSession(), err
}

// Refresh gives a session other tokens.
func (a *Accounts) Refresh(ctx context.Context, refreshToken string) (*identityv1.Session, error) {
	res, err := a.accounts.RefreshSession(ctx, &identityv1.RefreshSessionRequest{RefreshToken: refreshToken})
	return res.GetSession(), err
}

// SignOut ends a session.
func (a *Accounts) SignOut(ctx context.Context, refreshToken string) error {
	_, err := a.accounts.SignOut(ctx, &identityv1.SignOutRequest{RefreshToken: refreshToken})
	return err
}

// Self reads the visitor's account.
func (a *Accounts) Self(ctx context.Context) (*identityv1.Account, error) {
	res, err := a.accounts.GetSelf(ctx, &identityv1.GetSelfRequest{})
	return res.GetAccount(), err
}

// Reauthenticate proves again who calls, and gives an access token for what needs that.
func (a *Accounts) Reauthenticate(ctx context.Context, password, code string) (*identityv1.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	res, err := a.accounts.Reauthenticate(ctx, &identityv1.ReauthenticateRequest{Password: password, TotpCode: code})
	return res.GetSession(), err
}

// ChangePassword sets another password.
func (a *Accounts) ChangePassword(ctx context.Context, password, next, code string) error {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	_, err := a.accounts.ChangePassword(ctx, &identityv1.ChangePasswordRequest{Password: password, NewPassword: next, TotpCode: code})
	return err
}

// RequestEmail has a link mailed to another address, which makes it the account's, in a language.
func (a *Accounts) RequestEmail(ctx context.Context, email, password, code, language string) error {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	_, err := a.accounts.RequestEmailChange(ctx, &identityv1.RequestEmailChangeRequest{Email: email, Password: password, TotpCode: code, LanguageCode: language})
	return err
}

// EnrollTotp draws the secret of a second factor. Nothing is stored yet.
func (a *Accounts) EnrollTotp(ctx context.Context) (*identityv1.EnrollTotpResponse, error) {
	return a.accounts.EnrollTotp(ctx, &identityv1.EnrollTotpRequest{})
}

// ConfirmTotp makes a secret the account's second factor, by a code of it, and returns the
// recovery codes.
func (a *Accounts) ConfirmTotp(ctx context.Context, secret, code string) ([]string, error) {
	res, err := a.accounts.ConfirmTotp(ctx, &identityv1.ConfirmTotpRequest{Secret: secret, TotpCode: code})
	return res.GetRecoveryCodes(), err
}

// RemoveTotp takes the second factor off the account.
func (a *Accounts) RemoveTotp(ctx context.Context) error {
	_, err := a.accounts.RemoveTotp(ctx, &identityv1.RemoveTotpRequest{})
	return err
}

// Sessions are those of the visitor's account.
func (a *Accounts) Sessions(ctx context.Context) ([]*identityv1.ActiveSession, error) {
	res, err := a.accounts.ListSessions(ctx, &identityv1.ListSessionsRequest{})
	return res.GetSessions(), err
}

// EndSession ends one of them.
func (a *Accounts) EndSession(ctx context.Context, id string) error {
	_, err := a.accounts.RevokeSession(ctx, &identityv1.RevokeSessionRequest{Id: id})
	return err
}

// RequestReset has the link mailed that sets another password, in a language.
func (a *Accounts) RequestReset(ctx context.Context, email, language string) error {
	_, err := a.accounts.RequestPasswordReset(ctx, &identityv1.RequestPasswordResetRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: email, LanguageCode: language,
	})
	return err
}

// Reset sets the password of the account that a mailed link is for.
func (a *Accounts) Reset(ctx context.Context, link, password string) error {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	_, err := a.accounts.ResetPassword(ctx, &identityv1.ResetPasswordRequest{Token: link, Password: password})
	return err
}

// ConfirmEmail makes the address that a mailed link went to the one that signs in.
func (a *Accounts) ConfirmEmail(ctx context.Context, link string) error {
	_, err := a.accounts.ConfirmEmailChange(ctx, &identityv1.ConfirmEmailChangeRequest{Token: link})
	return err
}
