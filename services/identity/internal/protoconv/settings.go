package protoconv

import (
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Settings translates settings in which every field has a value.
func Settings(set *identityv1.Settings) domain.Settings {
	return domain.Settings{
		SigningKeyPeriod: set.GetSigningKeyPeriod().AsDuration(), RequireStaffTotp: set.GetRequireStaffTotp(),
		AccessTokenLife: set.GetAccessTokenLife().AsDuration(), StepUpAge: set.GetStepUpAge().AsDuration(),
		CustomerSession:     domain.SessionLife{Idle: set.GetCustomerSessionIdle().AsDuration(), Whole: set.GetCustomerSessionLife().AsDuration()},
		StaffSession:        domain.SessionLife{Idle: set.GetStaffSessionIdle().AsDuration(), Whole: set.GetStaffSessionLife().AsDuration()},
		VerifyEmailLinkLife: set.GetVerifyEmailLinkLife().AsDuration(), ResetPasswordLinkLife: set.GetResetPasswordLinkLife().AsDuration(),
		InvitationLinkLife: set.GetInvitationLinkLife().AsDuration(), ConfirmEmailLinkLife: set.GetConfirmEmailLinkLife().AsDuration(),
		MaxAPIKeyLife: set.GetMaxApiKeyLife().AsDuration(), MailsPerAddress: set.GetMailsPerAddress(),
	}
}
