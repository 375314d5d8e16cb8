package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

// Get returns a mail and its texts as they were or will be sent; they are empty once
// erased or kept no longer. Errors: NOTIFICATION_NOT_FOUND.
func (n *Notifications) Get(ctx context.Context, id uuid.UUID) (domain.Stored, mail.Rendered, error) {
	stored, err := store.On(n.Pool).Get(ctx, id)
	if err != nil || !stored.Readable {
		return stored, mail.Rendered{}, err
	}
	content, err := mail.Decode(stored.Kind, stored.Content)
	if err != nil {
		return stored, mail.Rendered{}, fmt.Errorf("read notification %s: %w", id, err)
	}
	content.Subject = stored.Subject
	rendered, err := n.Templates.Render(content, stored.Template, stored.Shop)
	if err != nil {
		return stored, mail.Rendered{}, fmt.Errorf("render notification %s: %w", id, err)
	}
	return stored, rendered, nil
}
