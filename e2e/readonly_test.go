package e2e

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// status gets the status of the contexts.
func (s *shop) status(ctx context.Context) ([]*operationsv1.ContextStatus, error) {
	client := operationsv1connect.NewOperationsServiceClient(s.client(s.internal[0]))
	res, err := client.GetStatus(ctx, &operationsv1.GetStatusRequest{})
	return res.GetContexts(), err
}

// warnings counts the lines of a log from warnings on.
func warnings(log string) int {
	n := 0
	for line := range strings.SplitSeq(log, "\n") {
		var entry struct{ Level string }
		if json.Unmarshal([]byte(line), &entry) == nil && (entry.Level == "WARN" || entry.Level == "ERROR") {
			n++
		}
	}
	return n
}

// The database takes no writes for a while, as one that a failover made a standby:
// writes are refused with a delay, reads go on, readiness and status show it, no event
// becomes a dead letter; and when it takes writes again, all goes on by itself.
func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	s := up(t)
	mug := s.sell(euros(5, 0), 10_000)
	all := newAccepted()
	s.placeMany(t.Context(), mug.GetCode(), 60, all.add) // some are under way still
	first := s.place(request("sandbox_ok", of(mug.GetCode(), 1)))

	s.run("order", "alter system set default_transaction_read_only = on")
	s.run("order", "select pg_reload_conf()")
	eventually(t, func(ctx context.Context) error {
		_, err := s.order.PlaceOrder(ctx, request("sandbox_ok", of(mug.GetCode(), 1)))
		if connect.CodeOf(err) != connect.CodeUnavailable || retryOf(err) <= 0 {
			return errorf("a write was answered with %v", err)
		}
		return nil
	})
	if _, err := s.order.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: first.GetId()}); err != nil {
		t.Errorf("a read: %v", err)
	}
	if _, err := s.product.GetProduct(t.Context(), &catalogv1.GetProductRequest{Code: mug.GetCode()}); err != nil {
		t.Errorf("a read: %v", err)
	}
	eventually(t, func(ctx context.Context) error {
		contexts, err := s.status(ctx)
		if err != nil {
			return err
		}
		for _, c := range contexts {
			shown := slices.ContainsFunc(c.GetConditions(), func(text string) bool { return strings.Contains(text, "takes no writes") })
			if !c.GetReady() || !shown {
				return errorf("%s: ready %v, conditions %v", c.GetContext(), c.GetReady(), c.GetConditions())
			}
			if c.GetDeadLetters() > 0 {
				t.Fatalf("%s has %d dead letters", c.GetContext(), c.GetDeadLetters())
			}
		}
		if body := s.readiness(); !strings.Contains(body, "takes no writes") || !strings.Contains(body, `"ready":true`) {
			return errorf("readiness answers %s", body)
		}
		return nil
	})

	s.run("order", "alter system reset default_transaction_read_only")
	s.run("order", "select pg_reload_conf()")
	all.mustEnd(t, &s.shop)
	s.reached(first.GetId(), confirmed)
	order := s.place(request("sandbox_ok", of(mug.GetCode(), 1)))
	s.reached(order.GetId(), confirmed)
	s.mustAudit()
	eventually(t, func(context.Context) error {
		if body := s.readiness(); strings.Contains(body, "takes no writes") {
			return errorf("still %s", body)
		}
		return nil
	})
	if n := warnings(s.process.Log()); n == 0 || n > 100 {
		t.Errorf("the log has %d warnings:\n%s", n, s.process.Log())
	}
}
