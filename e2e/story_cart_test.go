package e2e

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A cart is begun, though the answer is lost, and ordered once by its token; the order is
// answered with a token of its own.
func guestsCart(t *testing.T, s *shop) {
	mug := s.sell(euros(5, 0), 30)
	begin := &orderv1.SetCartItemRequest{ProductCode: mug.GetCode(), Quantity: new(int32(2)), RequestId: uuid.NewString()}
	var cart *orderv1.SetCartItemResponse
	for range 2 {
		res, err := s.cart.SetCartItem(t.Context(), begin)
		if err != nil {
			t.Fatal(err)
		}
		if cart == nil {
			cart = res
		}
		if !proto.Equal(res, cart) || !strings.HasPrefix(res.GetCartToken(), "sm_ct_") || !proto.Equal(res.GetCart().GetTotal(), euros(10, 0)) {
			t.Errorf("the cart was begun with %v, then %v", cart, res)
		}
	}
	req := request("sandbox_ok")
	req.CartToken = cart.GetCartToken()
	placed, err := s.placeSoon(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if lines := placed.GetOrder().GetLines(); len(lines) != 1 || lines[0].GetQuantity() != 2 || !strings.HasPrefix(placed.GetGuestToken(), "sm_go_") {
		t.Errorf("ordered %v", placed)
	}
	again, err := s.placeSoon(t.Context(), req)
	if err != nil || !proto.Equal(again, placed) {
		t.Errorf("the same request was answered %v, %v", again, err)
	}
	s.reached(placed.GetOrder().GetId(), confirmed)
	other := request("sandbox_ok")
	other.CartToken = cart.GetCartToken()
	_, err = s.placeSoon(t.Context(), other)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "lines")
	s.oneMail(req.GetContact().GetEmail())
}
