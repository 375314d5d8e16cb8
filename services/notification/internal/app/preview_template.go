package app

import (
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
)

// Preview renders the newest template of a kind with made-up data.
func (n *Notifications) Preview(kind domain.Kind) (mail.Rendered, error) {
	shop, content := n.Shop.Now(), mail.Sample(kind)
	content.Subject = shop.Subject(kind, n.Templates.Subject(kind, content.Language()), mail.SubjectValues(content))
	return n.Templates.Render(content, mail.Version, shop.ShopDetails)
}
