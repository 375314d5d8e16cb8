package rpc

import (
	"context"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// PreviewTemplate renders a kind of mail in a language, with made-up data.
func (s *Server) PreviewTemplate(
	_ context.Context, req *notificationv1.PreviewTemplateRequest,
) (*notificationv1.PreviewTemplateResponse, error) {
	rendered, err := s.notifications.Preview(domain.Kind(req.GetKind()), domain.LanguageOf(req.GetLanguageCode()))
	if err != nil {
		return nil, err
	}
	return &notificationv1.PreviewTemplateResponse{Subject: rendered.Subject, Text: rendered.Text, Html: rendered.HTML}, nil
}
