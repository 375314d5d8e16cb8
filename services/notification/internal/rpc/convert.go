package rpc

import (
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// readID reads a required id.
func readID(field, text string) (uuid.UUID, error) {
	id, err := grammar.UUID(text)
	if err != nil {
		return uuid.Nil, fault.Fields(fault.Breaks(field, err))
	}
	return id, nil
}

func toNotification(m domain.Stored) *notificationv1.Notification {
	n := &notificationv1.Notification{
		Id: m.ID.String(), SubjectId: m.SubjectID.String(),
		Kind: notificationv1.NotificationKind(m.Kind), Status: notificationv1.NotificationStatus(m.Status),
		Recipient: m.Recipient, Subject: m.Subject,
		CreateTime: timestamppb.New(m.CreateTime), SendTime: toTime(m.SendTime), NextAttemptTime: toTime(m.DueTime),
	}
	if m.OrderID != uuid.Nil {
		n.OrderId = m.OrderID.String()
	}
	if m.AccountID != uuid.Nil {
		n.AccountId = m.AccountID.String()
	}
	for _, a := range m.History {
		n.Attempts = append(n.Attempts, &notificationv1.DeliveryAttempt{
			Number: int32(a.Number), Result: a.Result, Accepted: a.Accepted, CreateTime: timestamppb.New(a.Time), TraceId: a.TraceID,
		})
	}
	return n
}

// toTime leaves the zero time unset.
func toTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
