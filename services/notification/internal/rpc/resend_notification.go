package rpc

import (
	"context"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
)

// ResendNotification sends a mail again.
func (s *Server) ResendNotification(
	ctx context.Context, req *notificationv1.ResendNotificationRequest,
) (*notificationv1.ResendNotificationResponse, error) {
	id, err := parseID(req.GetId())
	if err != nil {
		return nil, err
	}
	mail, err := s.notifications.Resend(ctx, id, req.GetRecipient())
	if err != nil {
		return nil, err
	}
	return &notificationv1.ResendNotificationResponse{Notification: toNotification(mail)}, nil
}
