package rpc

import (
	"context"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/page"
)

// ListNotifications lists mails without their texts, newest first.
func (s *Server) ListNotifications(
	ctx context.Context, req *notificationv1.ListNotificationsRequest,
) (*notificationv1.ListNotificationsResponse, error) {
	found, err := s.notifications.List(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(), TotalSize: req.GetIncludeTotalSize(),
	})
	if err != nil {
		return nil, err
	}
	res := &notificationv1.ListNotificationsResponse{NextPageToken: found.Next, TotalSize: found.TotalSize}
	for _, mail := range found.Items {
		res.Notifications = append(res.Notifications, toNotification(mail))
	}
	return res, nil
}
