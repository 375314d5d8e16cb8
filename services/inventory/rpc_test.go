package inventory_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func (w *harness) adjust(t *testing.T, code string, delta int64) *inventoryv1.Stock {
	t.Helper()
	res, err := w.AdjustStock(t.Context(), &inventoryv1.AdjustStockRequest{
		RequestId: uuid.NewString(), ProductCode: code, Delta: delta, Reason: "delivery",
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetStock()
}

func TestStockIsAdjustedReadAndListed(t *testing.T) {
	t.Parallel()
	w := newHarness(t, staff())
	ctx := t.Context()
	mug, cup := w.catalog.put("MUG"), w.catalog.put("CUP")

	if stock := w.adjust(t, "MUG", 7); stock.GetProductId() != mug.String() || stock.GetOnHand() != 7 || stock.GetAvailable() != 7 {
		t.Errorf("stock %v", stock)
	}
	w.adjust(t, "CUP", 3)
	w.adjust(t, "MUG", -1)

	byID, err := w.GetStock(ctx, &inventoryv1.GetStockRequest{ProductId: mug.String()})
	if err != nil || byID.GetStock().GetOnHand() != 6 || byID.GetStock().GetUpdateTime() == nil {
		t.Errorf("by id: %v, %v", byID, err)
	}
	byCode, err := w.GetStock(ctx, &inventoryv1.GetStockRequest{ProductCode: "MUG"})
	if err != nil || !proto.Equal(byCode, byID) {
		t.Errorf("by code: %v, %v", byCode, err)
	}
	batch, err := w.BatchGetStock(ctx, &inventoryv1.BatchGetStockRequest{
		ProductIds: []string{mug.String(), uuid.NewString()}, ProductCodes: []string{"CUP", "MUG", "nothing"},
	})
	if err != nil || len(batch.GetStocks()) != 2 || batch.GetStocks()[0].GetProductId() != cup.String() {
		t.Errorf("batch: %v, %v", batch, err)
	}
	movements, err := w.ListMovements(ctx, &inventoryv1.ListMovementsRequest{Filter: `product_code = "MUG"`})
	if err != nil || len(movements.GetMovements()) != 2 {
		t.Fatalf("movements: %v, %v", movements, err)
	}
	newest := movements.GetMovements()[0]
	if newest.GetDelta() != -1 || newest.GetOnHandAfter() != 6 || newest.GetActor() != "anna" || newest.GetReason() != "delivery" ||
		newest.GetKind() != inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_ADJUSTMENT || newest.GetOrderId() != "" {
		t.Errorf("newest movement %v", newest)
	}
	low, err := w.ListLowStock(ctx, &inventoryv1.ListLowStockRequest{})
	if err != nil || len(low.GetStocks()) != 1 || low.GetStocks()[0].GetProductCode() != "CUP" {
		t.Errorf("low by the default setting: %v, %v", low, err)
	}
	low, err = w.ListLowStock(ctx, &inventoryv1.ListLowStockRequest{Threshold: proto.Int64(100), PageSize: 1})
	if err != nil || len(low.GetStocks()) != 1 || low.GetNextPageToken() == "" {
		t.Fatalf("low: %v, %v", low, err)
	}
	low, err = w.ListLowStock(ctx, &inventoryv1.ListLowStockRequest{Threshold: proto.Int64(100), PageSize: 1, PageToken: low.GetNextPageToken()})
	if err != nil || len(low.GetStocks()) != 1 || low.GetStocks()[0].GetProductCode() != "MUG" || low.GetNextPageToken() != "" {
		t.Errorf("the second page of low stock: %v, %v", low, err)
	}
}

func TestEveryRefusalHasItsReason(t *testing.T) {
	t.Parallel()
	w := newHarness(t, staff())
	ctx := t.Context()
	w.catalog.put("MUG")
	w.adjust(t, "MUG", 7)
	adjust := func(change func(*inventoryv1.AdjustStockRequest)) error {
		req := &inventoryv1.AdjustStockRequest{RequestId: uuid.NewString(), ProductCode: "MUG", Delta: 1}
		change(req)
		_, err := w.AdjustStock(ctx, req)
		return err
	}
	refusal := testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.Delta = -8 }), connect.CodeFailedPrecondition, "STOCK_INSUFFICIENT")
	meta := refusal.Metadata
	if meta["on_hand"] != "7" || meta["reserved"] != "0" || meta["available"] != "7" {
		t.Errorf("metadata %v", meta)
	}
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.ProductCode = "NONE" }), connect.CodeNotFound, "PRODUCT_NOT_FOUND")
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.Delta = 0 }), connect.CodeInvalidArgument, "INVALID_FIELD", "delta")
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.Delta = 1_000_000_001 }), connect.CodeInvalidArgument, "INVALID_FIELD", "delta")
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.ProductCode = "no spaces" }), connect.CodeInvalidArgument, "INVALID_FIELD", "product_code")
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.RequestId = "again" }), connect.CodeInvalidArgument, "INVALID_FIELD", "request_id")
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.Reason = strings.Repeat("ä", 501) }), connect.CodeInvalidArgument, "INVALID_FIELD", "reason")
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.Reason = "a\x00b" }), connect.CodeInvalidArgument, "INVALID_FIELD", "reason")
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.Reason = "\u200b" }), connect.CodeInvalidArgument, "INVALID_FIELD", "reason")
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.RequestId = uuid.Nil.String() }), connect.CodeInvalidArgument, "INVALID_FIELD", "request_id")
	used := uuid.NewString()
	if err := adjust(func(r *inventoryv1.AdjustStockRequest) { r.RequestId = used }); err != nil {
		t.Fatal(err)
	}
	testkit.Refused(t, adjust(func(r *inventoryv1.AdjustStockRequest) { r.RequestId, r.Delta = used, 2 }), connect.CodeAlreadyExists, "REQUEST_ID_REUSED")

	_, err := w.GetStock(ctx, &inventoryv1.GetStockRequest{ProductId: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")
	_, err = w.GetStock(ctx, &inventoryv1.GetStockRequest{ProductCode: "NONE"})
	testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")
	_, err = w.GetStock(ctx, &inventoryv1.GetStockRequest{ProductId: "7"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "product_id")
	_, err = w.ListMovements(ctx, &inventoryv1.ListMovementsRequest{Filter: "delta > 1"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "filter")
	_, err = w.ListMovements(ctx, &inventoryv1.ListMovementsRequest{PageToken: "x' OR 1=1--"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
	_, err = w.ListMovements(ctx, &inventoryv1.ListMovementsRequest{PageSize: 1001})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "page_size")
	_, err = w.ListLowStock(ctx, &inventoryv1.ListLowStockRequest{Threshold: proto.Int64(-1)})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "threshold")
	_, err = w.ListLowStock(ctx, &inventoryv1.ListLowStockRequest{PageToken: "e30"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
}

func TestTheStockIsNoCustomersBusiness(t *testing.T) {
	t.Parallel()
	w := newHarness(t, authz.Identity{Kind: authz.Customer, ID: uuid.NewString()})
	calls := map[string]func(context.Context) error{
		"GetStock": func(ctx context.Context) error {
			_, err := w.GetStock(ctx, &inventoryv1.GetStockRequest{ProductCode: "MUG"})
			return err
		},
		"BatchGetStock": func(ctx context.Context) error {
			_, err := w.BatchGetStock(ctx, &inventoryv1.BatchGetStockRequest{ProductCodes: []string{"MUG"}})
			return err
		},
		"AdjustStock": func(ctx context.Context) error {
			_, err := w.AdjustStock(ctx, &inventoryv1.AdjustStockRequest{RequestId: uuid.NewString(), ProductCode: "MUG", Delta: 1})
			return err
		},
		"BatchAdjustStock": func(ctx context.Context) error {
			_, err := w.BatchAdjustStock(ctx, &inventoryv1.BatchAdjustStockRequest{Requests: []*inventoryv1.AdjustStockRequest{adding("MUG", 1)}})
			return err
		},
		"ListMovements": func(ctx context.Context) error {
			_, err := w.ListMovements(ctx, &inventoryv1.ListMovementsRequest{})
			return err
		},
		"ListLowStock": func(ctx context.Context) error {
			_, err := w.ListLowStock(ctx, &inventoryv1.ListLowStockRequest{})
			return err
		},
	}
	for name, call := range calls {
		if err := call(t.Context()); connect.CodeOf(err) != connect.CodePermissionDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The fixed paths beside /v1/stock/{product_id} must not be taken for ids.
func TestEachRESTRouteReachesItsRPC(t *testing.T) {
	t.Parallel()
	w := newHarness(t, staff())
	mug := w.catalog.put("MUG")
	w.adjust(t, "MUG", 2)
	for path, want := range map[string]string{
		"/v1/stock/" + mug.String():           "stock",
		"/v1/stock:lookup?productCode=MUG":    "stock",
		"/v1/stock:batchGet?productCodes=MUG": "stocks",
		"/v1/stock/movements?pageSize=1":      "movements",
		"/v1/stock:low?threshold=2":           "stocks",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := testkit.HTTP(t, staff()).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		var fields map[string]json.RawMessage
		if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(body, &fields) != nil || len(fields[want]) < 10 {
			t.Errorf("%s: %d %s (%v)", path, res.StatusCode, body, err)
		}
	}
}
