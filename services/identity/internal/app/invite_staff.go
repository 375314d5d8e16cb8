package app

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Invitation is to what somebody is invited.
type Invitation struct {
	Email       domain.Email
	Owner       bool
	Permissions []domain.Permission
	// LanguageCode is the language in which the mail is written (BCP 47); empty for English.
	LanguageCode string
}

// InviteStaff has an invitation mailed, once for a request id; uuid.Nil stands for none. Errors:
// EMAIL_TAKEN, REQUEST_ID_REUSED, ROLE_ESCALATION, TOKEN_EXPIRED.
func (a *Accounts) InviteStaff(ctx context.Context, requestID uuid.UUID, request proto.Message, invitation Invitation) error {
	id := a.NewID()
	_, err := a.once(ctx, "InviteStaff", requestID, request, func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error) {
		return id, a.invite(ctx, tx, id, invitation)
	})
	return err
}

func (a *Accounts) invite(ctx context.Context, tx *pg.Tx, id uuid.UUID, invitation Invitation) error {
	by, err := actor(ctx, a.on(tx))
	if err != nil {
		return err
	}
	if err := domain.MayGrant(by, invitation.Owner, invitation.Permissions); err != nil {
		return err
	}
	link := a.newLink(domain.Invitation, domain.Staff, invitation.Email, id).WithRoles(invitation.Owner, invitation.Permissions, by.AccountID)
	_, taken, err := a.on(tx).FindAccount(ctx, domain.Staff, invitation.Email)
	if err != nil {
		return err
	}
	if taken {
		return domain.ErrEmailTaken()
	}
	recordLink(ctx, link.Snapshot())
	inMail := link.InMail(domain.MailInvitation, uuid.Nil)
	inMail.LanguageCode = invitation.LanguageCode
	return a.mailLink(ctx, tx, inMail)
}
