package rpc

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

const linkBody = `{"as": "owner", "email": "ada@example.com"}`

type linkRequest struct {
	As    string `json:"as"`
	Email string `json:"email"`
	// ResetTotp is for /link/renew.
	ResetTotp bool `json:"reset_totp"`
}

type linkAnswer struct {
	Link       string    `json:"link"`
	Purpose    string    `json:"purpose"`
	ExpireTime time.Time `json:"expire_time"`
}

// links serves one of the use cases that give an operator a link.
func links(request func(context.Context, app.LinkRequest) (app.OperatorLink, error)) func(context.Context, linkRequest) (linkAnswer, error) {
	return func(ctx context.Context, req linkRequest) (linkAnswer, error) {
		email, err := readEmail("email", req.Email)
		if err != nil {
			return linkAnswer{}, err
		}
		link, err := request(ctx, app.LinkRequest{As: req.As, Email: email, ResetTotp: req.ResetTotp, By: callerOf(ctx)})
		return linkAnswer{Link: link.URL, Purpose: purposeName(link.Purpose), ExpireTime: link.ExpireTime.UTC()}, err
	}
}

func purposeName(purpose domain.Purpose) string {
	switch purpose {
	case domain.VerifyEmail:
		return "verify_email"
	case domain.Invitation:
		return "invitation"
	case domain.ConfirmEmail:
		return "confirm_email"
	default:
		return "reset_password"
	}
}
