package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// reasonOf is the machine-readable cause that an error carries.
func reasonOf(err error) string {
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return ""
	}
	for _, d := range failed.Details() {
		info := new(errdetails.ErrorInfo)
		if d.Type == string(proto.MessageName(info)) && proto.Unmarshal(d.Value, info) == nil {
			return info.GetReason()
		}
	}
	return ""
}

// wantReason fails unless err carries the reason and a message for people.
func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	if got := reasonOf(err); got != reason {
		t.Errorf("refused with %q (%v), want %s", got, err, reason)
	}
}

// badOrders are orders that must be refused: what is broken, and the reason and
// field that the answer names, the same through every protocol.
var badOrders = []struct {
	name   string
	breaks func(r map[string]any)
	code   string // the Connect code
	reason string
	field  string
}{
	{"an unknown product code", func(r map[string]any) { line(r)["productCode"] = "NO-SUCH" }, "not_found", "PRODUCT_NOT_FOUND", "lines[0].product_code"},
	{"quantity 0", func(r map[string]any) { line(r)["quantity"] = 0 }, "invalid_argument", "INVALID_FIELD", "lines[0].quantity"},
	{"a negative quantity", func(r map[string]any) { line(r)["quantity"] = -1 }, "invalid_argument", "INVALID_FIELD", "lines[0].quantity"},
	{"a huge quantity", func(r map[string]any) { line(r)["quantity"] = 1_000_000_000 }, "invalid_argument", "INVALID_FIELD", "lines[0].quantity"},
	{"a quantity over 32 bits", func(r map[string]any) { line(r)["quantity"] = 1 << 40 }, "invalid_argument", "MALFORMED_REQUEST", ""},
	{"a broken quantity", func(r map[string]any) { line(r)["quantity"] = 1.5 }, "invalid_argument", "MALFORMED_REQUEST", ""},
	{"a quantity that is a word", func(r map[string]any) { line(r)["quantity"] = "NaN" }, "invalid_argument", "MALFORMED_REQUEST", ""},
	{"two lines of one code", func(r map[string]any) { r["lines"] = []any{line(r), line(r)} }, "invalid_argument", "DUPLICATE_LINE", "lines[1].product_code"},
	{"no lines", func(r map[string]any) { r["lines"] = []any{} }, "invalid_argument", "INVALID_FIELD", "lines"},
	{"a wrong total", func(r map[string]any) {
		r["expectedTotal"] = map[string]any{"currencyCode": "EUR", "units": "1"}
	}, "failed_precondition", "PRICE_CHANGED", ""},
	{"a total in another currency", func(r map[string]any) {
		r["expectedTotal"] = map[string]any{"currencyCode": "USD", "units": "5"}
	}, "failed_precondition", "PRICE_CHANGED", ""},
	{"an unknown currency", func(r map[string]any) {
		r["expectedTotal"] = map[string]any{"currencyCode": "QQQ", "units": "5"}
	}, "invalid_argument", "INVALID_FIELD", "expected_total.currency_code"},
	{"a malformed request id", func(r map[string]any) { r["requestId"] = "42" }, "invalid_argument", "INVALID_FIELD", "request_id"},
	{"a malformed customer id", func(r map[string]any) { r["customerId"] = "42" }, "invalid_argument", "INVALID_FIELD", "customer_id"},
	{"no contact", func(r map[string]any) { delete(r, "contact") }, "invalid_argument", "INVALID_FIELD", "contact"},
	{"an e-mail address that is none", func(r map[string]any) { contact(r)["email"] = "ada" }, "invalid_argument", "INVALID_FIELD", "contact.email"},
	{"over-long text", func(r map[string]any) { contact(r)["firstName"] = strings.Repeat("a", 101) }, "invalid_argument", "INVALID_FIELD", "contact.first_name"},
	{"U+0000", func(r map[string]any) { contact(r)["firstName"] = "A\u0000da" }, "invalid_argument", "INVALID_FIELD", "contact.first_name"},
	{"an unknown field", func(r map[string]any) { r["paid"] = true }, "invalid_argument", "MALFORMED_REQUEST", ""},
	{"an unknown payment method", func(r map[string]any) { r["paymentMethod"] = "shells" }, "invalid_argument", "PAYMENT_METHOD_UNKNOWN", "payment_method"},
}

func line(r map[string]any) map[string]any    { return r["lines"].([]any)[0].(map[string]any) }
func contact(r map[string]any) map[string]any { return r["contact"].(map[string]any) }

// Bad input is refused with the same reason through Connect, REST and gRPC, and
// changes nothing.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s := up(t)
	conn := dialGRPC(t, s.api["order"])
	mug := s.sell(euros(5, 0), 10)
	for _, bad := range badOrders {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			body := orderJSON(t, mug.GetCode(), bad.breaks)
			connectError(t, s.api["order"]+"/shopmesh.order.v1.OrderService/PlaceOrder", body).check(t, "Connect", bad.code, bad.reason, bad.field)
			restError(t, s.api["order"]+"/v1/orders", body).check(t, "REST", bad.code, bad.reason, bad.field)
			req := new(orderv1.PlaceOrderRequest)
			if err := protojson.Unmarshal(body, req); err == nil { // what is no message can't be sent as one
				grpcError(t, conn, req).check(t, "gRPC", bad.code, bad.reason, bad.field)
			}
		})
	}
	t.Cleanup(func() {
		if orders := s.mustCount(); orders != 0 {
			t.Errorf("%d orders were made of bad input", orders)
		}
	})
}

// mustCount counts the orders of the shop.
func (s *shop) mustCount() int {
	res, err := s.order.ListOrders(context.Background(), &orderv1.ListOrdersRequest{PageSize: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(res.GetOrders())
}

// orderJSON is a good order, broken in one place.
func orderJSON(t *testing.T, code string, breaks func(map[string]any)) []byte {
	t.Helper()
	r := map[string]any{
		"requestId":       uuid.NewString(),
		"contact":         map[string]any{"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"},
		"shippingAddress": map[string]any{"regionCode": "GB", "addressLines": []any{"12 St James's Square"}},
		"lines":           []any{map[string]any{"productCode": code, "quantity": 1}},
		"paymentMethod":   "sandbox_ok",
	}
	breaks(r)
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// refusal is an error as a client sees it.
type refusal struct {
	code, message, reason string
	fields                []string
}

func (r refusal) check(t *testing.T, protocol, code, reason, field string) {
	t.Helper()
	if r.code != code || r.reason != reason || r.message == "" {
		t.Errorf("over %s refused with %+v, want %s %s", protocol, r, code, reason)
	}
	if field != "" && !contains(r.fields, field) {
		t.Errorf("over %s the answer names the fields %v, want %s", protocol, r.fields, field)
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func post(t *testing.T, url, contentType string, body []byte) (int, []byte) {
	t.Helper()
	res, err := http.Post(url, contentType, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

func connectError(t *testing.T, url string, body []byte) refusal {
	t.Helper()
	_, answer := post(t, url, "application/json", body)
	var e struct {
		Code, Message string
		Details       []struct{ Type, Value string }
	}
	if err := json.Unmarshal(answer, &e); err != nil {
		t.Fatalf("answer %q: %v", answer, err)
	}
	r := refusal{code: e.Code, message: e.Message}
	for _, d := range e.Details {
		value, err := base64.RawStdEncoding.DecodeString(d.Value)
		if err != nil {
			t.Fatal(err)
		}
		r.take(t, d.Type, value)
	}
	return r
}

// take reads one error detail.
func (r *refusal) take(t *testing.T, kind string, value []byte) {
	t.Helper()
	switch kind {
	case "google.rpc.ErrorInfo":
		info := new(errdetails.ErrorInfo)
		if err := proto.Unmarshal(value, info); err != nil {
			t.Fatal(err)
		}
		r.reason = info.GetReason()
	case "google.rpc.BadRequest":
		bad := new(errdetails.BadRequest)
		if err := proto.Unmarshal(value, bad); err != nil {
			t.Fatal(err)
		}
		for _, v := range bad.GetFieldViolations() {
			r.fields = append(r.fields, v.GetField())
		}
	}
}

// codes are the Connect names of gRPC's status codes.
var codes = map[int]string{
	3: "invalid_argument", 5: "not_found", 6: "already_exists", 7: "permission_denied", 8: "resource_exhausted", 9: "failed_precondition", 10: "aborted",
	16: "unauthenticated",
}

func restError(t *testing.T, url string, body []byte) refusal {
	t.Helper()
	httpStatus, answer := post(t, url, "application/json", body)
	return readRESTError(t, httpStatus, answer)
}

func readRESTError(t *testing.T, httpStatus int, answer []byte) refusal {
	t.Helper()
	var e struct {
		Code    int
		Message string
		Details []struct {
			Type            string `json:"@type"`
			Reason          string
			FieldViolations []struct{ Field string }
		}
	}
	if err := json.Unmarshal(answer, &e); err != nil || httpStatus < 400 {
		t.Fatalf("answer %d %q: %v", httpStatus, answer, err)
	}
	r := refusal{code: codes[e.Code], message: e.Message}
	for _, d := range e.Details {
		if d.Reason != "" {
			r.reason = d.Reason
		}
		for _, v := range d.FieldViolations {
			r.fields = append(r.fields, v.Field)
		}
	}
	return r
}

func dialGRPC(t *testing.T, api string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(strings.TrimPrefix(api, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// grpcError is how grpc-go sees the refusal of an order.
func grpcError(t *testing.T, conn *grpc.ClientConn, req *orderv1.PlaceOrderRequest) refusal {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	_, err := orderv1.NewOrderServiceClient(conn).PlaceOrder(ctx, req)
	st := status.Convert(err)
	r := refusal{code: codes[int(st.Code())], message: st.Message()}
	for _, d := range st.Proto().GetDetails() {
		r.take(t, strings.TrimPrefix(d.GetTypeUrl(), "type.googleapis.com/"), d.GetValue())
	}
	return r
}

// Bodies that are no message, and ones that are too large, are refused alike.
func TestBodiesThatAreNoMessage(t *testing.T) {
	t.Parallel()
	s := up(t)
	grpcError(t, dialGRPC(t, s.api["order"]), request("sandbox_ok", of("NO-SUCH", 0))).
		check(t, "gRPC", "invalid_argument", "INVALID_FIELD", "lines[0].quantity")

	// Bodies that are no message at all.
	for name, body := range map[string]string{
		"malformed JSON": `{"lines":[`,
		"broken UTF-8":   "{\"paymentMethod\":\"\xff\xfe\"}",
		"another type":   `[]`,
	} {
		connectError(t, s.api["order"]+"/shopmesh.order.v1.OrderService/PlaceOrder", []byte(body)).check(t, "Connect, "+name, "invalid_argument", "MALFORMED_REQUEST", "")
		restError(t, s.api["order"]+"/v1/orders", []byte(body)).check(t, "REST, "+name, "invalid_argument", "MALFORMED_REQUEST", "")
	}
	huge := []byte(`{"paymentMethod":"` + strings.Repeat("a", 8<<20) + `"}`)
	connectError(t, s.api["order"]+"/shopmesh.order.v1.OrderService/PlaceOrder", huge).check(t, "Connect, oversized", "resource_exhausted", "REQUEST_TOO_LARGE", "")
	restError(t, s.api["order"]+"/v1/orders", huge).check(t, "REST, oversized", "resource_exhausted", "REQUEST_TOO_LARGE", "")
}
