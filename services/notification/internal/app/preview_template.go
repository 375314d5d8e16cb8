package app

import (
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
)

// Preview renders the newest template of a kind in a language, with made-up data.
func (n *Notifications) Preview(kind domain.Kind, language domain.Language) (mail.Rendered, error) {
	shop, content := n.Shop.Now(), mail.Sample(kind, language)
	content.Subject = shop.Subject(kind, n.Templates.Subject(kind, language), mail.SubjectValues(content))
	return n.Templates.Render(content, mail.Version, shop.ShopDetails)
}
