package rpc

import (
	"context"

	"github.com/google/uuid"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// ResendNotification sends a mail again.
func (s *Server) ResendNotification(
	ctx context.Context, req *notificationv1.ResendNotificationRequest,
) (*notificationv1.ResendNotificationResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	var requestID uuid.UUID
	if text := req.GetRequestId(); text != "" {
		if requestID, err = grammar.RequestID(text); err != nil {
			return nil, fault.Fields(fault.Breaks("request_id", err))
		}
	}
	mail, err := s.notifications.Resend(ctx, requestID, req, id, req.GetRecipient())
	if err != nil {
		return nil, err
	}
	return &notificationv1.ResendNotificationResponse{Notification: toNotification(mail)}, nil
}
