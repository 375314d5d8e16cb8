package rpc

import (
	"context"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
)

// GetNotification reads a mail with its texts.
func (s *Server) GetNotification(
	ctx context.Context, req *notificationv1.GetNotificationRequest,
) (*notificationv1.GetNotificationResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	mail, rendered, err := s.notifications.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	shown := toNotification(mail)
	shown.Text, shown.Html = rendered.Text, rendered.HTML
	return &notificationv1.GetNotificationResponse{Notification: shown}, nil
}
