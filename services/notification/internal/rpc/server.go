// Package rpc translates between notification's contract and its use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	"github.com/shopmesh/shopmesh/services/notification/internal/app"
)

var _ notificationv1connect.NotificationServiceHandler = (*Server)(nil)

// Server is the NotificationService.
type Server struct {
	notifications *app.Notifications
}

// NewServer returns the NotificationService over its use cases.
func NewServer(notifications *app.Notifications) *Server {
	return &Server{notifications: notifications}
}

// Register serves it on server.
func (s *Server) Register(server *connect.Server) {
	notificationv1connect.RegisterNotificationServiceHandler(server, s)
}
