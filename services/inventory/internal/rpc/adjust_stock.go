package rpc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"google.golang.org/protobuf/proto"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/services/inventory/internal/app"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

// withoutReason is the request as it is kept to be compared: with a digest in place of
// the reason, which may name a person, and which an erasure would not find there.
func withoutReason(req *inventoryv1.AdjustStockRequest) *inventoryv1.AdjustStockRequest {
	if req.GetReason() == "" {
		return req
	}
	kept := proto.CloneOf(req)
	digest := sha256.Sum256([]byte(req.GetRequestId() + req.GetReason()))
	kept.Reason = hex.EncodeToString(digest[:])
	return kept
}

// AdjustStock adds to or takes from what is on hand.
func (s *Server) AdjustStock(ctx context.Context, req *inventoryv1.AdjustStockRequest) (*inventoryv1.AdjustStockResponse, error) {
	id, err := grammar.RequestID(req.GetRequestId())
	if err != nil {
		return nil, fault.Fields(fault.Breaks("request_id", err))
	}
	adjustment := app.Adjustment{
		RequestID: id, ProductCode: req.GetProductCode(), Delta: req.GetDelta(), Reason: req.GetReason(),
	}
	return app.Adjust(ctx, s.stocks, adjustment, withoutReason(req), func(stock domain.Stock) *inventoryv1.AdjustStockResponse {
		return &inventoryv1.AdjustStockResponse{Stock: protoconv.Stock(stock)}
	})
}
