package rpc

import (
	"context"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// CreateApiKey makes a key of the caller's.
func (s *StaffServer) CreateApiKey(ctx context.Context, req *identityv1.CreateApiKeyRequest) (*identityv1.CreateApiKeyResponse, error) {
	requestID, err := readRequestID(req.GetRequestId())
	if err != nil {
		return nil, err
	}
	expire := req.GetExpireTime().AsTime().Truncate(time.Microsecond)
	key, secret, err := s.accounts.CreateAPIKey(ctx, requestID, req, req.GetDisplayName(), permissions(req.GetPermissions()), expire)
	if err != nil {
		return nil, err
	}
	return &identityv1.CreateApiKeyResponse{ApiKey: protoconv.APIKey(key), Secret: secret}, nil
}
