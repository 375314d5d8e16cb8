// Package rpc translates between config's contract and its use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	"github.com/shopmesh/shopmesh/services/config/internal/app"
)

var _ configv1connect.ConfigServiceHandler = (*Server)(nil)

// Server is the ConfigService.
type Server struct {
	settings *app.Settings
}

// NewServer returns the ConfigService over its use cases.
func NewServer(settings *app.Settings) *Server { return &Server{settings: settings} }

// Register serves it on server.
func (s *Server) Register(server *connect.Server) {
	configv1connect.RegisterConfigServiceHandler(server, s)
}
