// Package events translates between notification and the broker.
package events

import (
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

const (
	// NotificationTopic holds NotificationSent and NotificationFailed.
	NotificationTopic = "shopmesh.notification.notification.v1"
	// OrderTopic is order's; its events request mails.
	OrderTopic = "shopmesh.order.order.v1"
	// CustomerTopic is customer's; it holds CustomerErased.
	CustomerTopic = "shopmesh.customer.customer.v1"
	// IdentityTopic is identity's; its events request mails about accounts.
	IdentityTopic = "shopmesh.identity.mail.v1"
)

// ToOutbox translates an event for the broker.
func ToOutbox(e domain.Event) outbox.Event {
	out := outbox.Event{
		Topic: NotificationTopic, Key: e.NotificationID, Version: e.Version, Time: e.Time, Traceparent: e.Traceparent,
	}
	kind := notificationv1.NotificationKind(e.Kind)
	if e.Sent {
		out.Message = &notificationv1.NotificationSent{
			NotificationId: e.NotificationID.String(), OrderId: e.OrderID.String(), Kind: kind,
			SubjectId: e.SubjectID.String(), Version: e.Version,
		}
		return out
	}
	out.Message = &notificationv1.NotificationFailed{
		NotificationId: e.NotificationID.String(), OrderId: e.OrderID.String(), Kind: kind,
		SubjectId: e.SubjectID.String(), Version: e.Version, Cause: e.Cause,
	}
	return out
}
