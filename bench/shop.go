package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/token"
)

// shop is the program under measurement, as a user runs it.
type shop struct {
	cmd        *exec.Cmd
	data       string
	api        string
	internal   string
	socket     string // the operator's
	token      string // of the owner
	postmaster int
	started    time.Duration // from exec to the line that reports that it serves
	category   catalogv1connect.CategoryServiceClient
	product    catalogv1connect.ProductServiceClient
	stock      inventoryv1connect.InventoryServiceClient
	order      orderv1connect.OrderServiceClient
}

// start runs `shopmesh up` on a directory, with mails handed to smtp, or to the
// built-in inbox when that is empty.
func start(program, data, smtp string, more ...string) (*shop, error) {
	s := &shop{data: data}
	s.cmd = exec.Command(program, append([]string{
		"up", "--data", data, "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0", "--json",
	}, more...)...)
	s.cmd.Env = os.Environ()
	if smtp != "" {
		s.cmd.Env = append(s.cmd.Env, "SHOPMESH_SMTP_URL=smtp://"+smtp)
	}
	log, err := os.OpenFile(filepath.Join(filepath.Dir(data), "shop.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	s.cmd.Stderr = log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	s.started = time.Since(begin)
	var ready struct {
		Ready struct {
			API, Internal  string
			OperatorSocket string `json:"operator_socket"`
		}
	}
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		_ = s.stop()
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("shopmesh up: %w\n%s", err, text)
	}
	pid, err := os.ReadFile(filepath.Join(data, "postgres", "cluster", "postmaster.pid"))
	if err != nil {
		_ = s.stop()
		return nil, err
	}
	s.api, s.internal, s.socket = ready.Ready.API, ready.Ready.Internal, ready.Ready.OperatorSocket
	s.postmaster, _ = strconv.Atoi(strings.SplitN(string(pid), "\n", 2)[0])
	if err := s.connect(program); err != nil {
		_ = s.stop()
		return nil, err
	}
	if !slices.Contains(more, "--settings") {
		if err := s.unlimit(); err != nil {
			_ = s.stop()
			return nil, err
		}
	}
	return s, nil
}

// connect makes the clients, with tokens of the operator's socket.
func (s *shop) connect(program string) (err error) {
	if s.token, err = operatorsToken(program, s.socket, "owner"); err != nil {
		return err
	}
	// Orders are placed as a service does, which like a shopper's are not in the activity log,
	// and like an owner's are not capped.
	placing, err := operatorsToken(program, s.socket, "service:customer")
	if err != nil {
		return err
	}
	client := newClient(s.api, s.token)
	s.category = catalogv1connect.NewCategoryServiceClient(client)
	s.product = catalogv1connect.NewProductServiceClient(client)
	s.stock = inventoryv1connect.NewInventoryServiceClient(client)
	s.order = orderv1connect.NewOrderServiceClient(newClient(s.api, placing))
	return nil
}

// unlimit sets rates that are never reached: all calls come from one address, and are to be
// counted all the same.
func (s *shop) unlimit() error {
	_, err := configv1connect.NewConfigServiceClient(newClient(s.api, s.token)).UpdateSettings(context.Background(), &configv1.UpdateSettingsRequest{
		Settings: &configv1.Settings{Context: "edge", Value: &configv1.Settings_Edge{Edge: &edgev1.Settings{
			ReadsRate: new("10000000/min"), OrdersRate: new("10000000/min"), SignInRate: new("10000000/min"),
		}}},
	})
	if err != nil {
		return fmt.Errorf("set the rates of the edge: %w", err)
	}
	return nil
}

// operatorsToken runs `shopmesh token` on the operator's socket.
func operatorsToken(program, socket, as string) (string, error) {
	out, err := exec.Command(program, "token", "--as", as, "--for", "12h", "--socket", socket).Output()
	if err != nil {
		return "", fmt.Errorf("shopmesh token: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// newClient calls a server as programs do: the Connect protocol, binary messages,
// connections that are kept; with a token, or anonymously where that is empty.
func newClient(address, shown string) *connect.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 512}
	return connect.NewClient(connecthttp.NewTransport(&http.Client{Transport: transport}, address), token.Show(shown))
}

func (s *shop) pid() int { return s.cmd.Process.Pid }

// memory returns the MiB that the shop has: its resident memory, and what the process that
// hashes passwords has beside the program, which is in memory once.
func (s *shop) memory() float64 {
	now, _ := resident(s.pid())
	for _, child := range childrenOf(s.pid()) {
		if child != s.postmaster {
			now += memoryOf(child, "RssAnon")
		}
	}
	return now
}

func (s *shop) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	return s.cmd.Wait()
}

func productCode(i int) string { return fmt.Sprintf("BENCH-%06d", i) }

// fill creates products with stock, and returns how long that took.
func (s *shop) fill(ctx context.Context, products int) (time.Duration, error) {
	begin := time.Now()
	c, err := s.category.CreateCategory(ctx, &catalogv1.CreateCategoryRequest{Category: &catalogv1.Category{Name: "Bench " + uuid.NewString()}})
	if err != nil {
		return 0, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range products {
		group.Go(func() error {
			_, err := s.product.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
				Code: productCode(i), Name: fmt.Sprintf("Product %d", i), Description: "A product of the bench.", CategoryId: c.GetCategory().GetId(),
				Price: &money.Money{CurrencyCode: "EUR", Units: int64(1 + i%90), Nanos: 990_000_000},
			}})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	created := time.Since(begin)
	group, ctx = errgroup.WithContext(context.WithoutCancel(ctx))
	group.SetLimit(32)
	for i := range products {
		group.Go(func() error {
			_, err := s.stock.AdjustStock(ctx, &inventoryv1.AdjustStockRequest{
				RequestId: uuid.NewString(), ProductCode: productCode(i), Delta: 1_000_000, Reason: "bench",
			})
			return err
		})
	}
	return created, group.Wait()
}
