package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const (
	getOrder = `
func (s *Server) GetOrder(ctx context.Context, req *orderv1.GetOrderRequest) (*orderv1.GetOrderResponse, error) { return nil, nil }
`
	listOrders = `
func (s *OrderServer) ListOrders(context.Context, *orderv1.ListOrdersRequest) (*orderv1.ListOrdersResponse, error) { return nil, nil }
`
	watchOrder = `
func (s *Server) WatchOrder(ctx context.Context, req *orderv1.WatchOrderRequest, stream orderv1connect.Stream) error { return nil }
`
	helpers = `
func (s *Server) Register(server *connect.Server) {}

func (s *Server) order(ctx context.Context, req *orderv1.GetOrderRequest) {}

func GetOrder(req *orderv1.GetOrderRequest) {}
`
)

func TestEachRPCHasAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	const room = "services/order/internal/rpc/"
	const why = ": each RPC has a file of its own, named after it"
	for _, row := range []struct {
		name, file, content string
		breaches            []string
	}{
		{"its own", room + "get_order.go", helpers + getOrder, nil},
		{"a stream", room + "watch_order.go", watchOrder, nil},
		{"no handler", room + "server.go", helpers, nil},
		{"two", room + "get_order.go", getOrder + listOrders, []string{room + "get_order.go:5: the RPC ListOrders belongs in list_orders.go" + why}},
		{"two that neither names", room + "orders.go", getOrder + watchOrder, []string{
			room + "orders.go:3: the RPC GetOrder belongs in get_order.go" + why,
			room + "orders.go:5: the RPC WatchOrder belongs in watch_order.go" + why,
		}},
		{"a stand-in of a test", room + "server_test.go", getOrder + listOrders, nil},
		{"another room", "services/order/internal/operations/operations.go", getOrder, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			file := filepath.Join(root, filepath.FromSlash(row.file))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte("package rpc\n"+row.content), 0o644); err != nil {
				t.Fatal(err)
			}
			breaches, err := checkHandlers(root)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(breaches, row.breaches) {
				t.Fatalf("got %q, want %q", breaches, row.breaches)
			}
		})
	}
}
