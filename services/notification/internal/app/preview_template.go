package app

import (
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
)

// Preview renders the newest template of a kind with made-up data.
func (n *Notifications) Preview(kind domain.Kind) (mail.Rendered, error) {
	return n.Templates.Render(mail.Sample(kind), mail.Version, n.Settings.Now().ShopName)
}
