package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// bareServer is a process of its own, as the shop is, whose GetProduct gives the
// same answer and does nothing else: no interceptor, no check, no look-up.
type bareServer struct {
	cmd     *exec.Cmd
	product catalogv1connect.ProductServiceClient
}

// startBare starts this program once more as a bare server that answers with res.
func startBare(res *catalogv1.GetProductResponse) (*bareServer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	answer, err := proto.Marshal(res)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "-bare")
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(answer)), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	bare := &bareServer{cmd: cmd}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		bare.stop()
		return nil, fmt.Errorf("start the bare server: %w", err)
	}
	bare.product = catalogv1connect.NewProductServiceClient(newClient(strings.TrimSpace(address), ""))
	return bare, nil
}

func (b *bareServer) pid() int { return b.cmd.Process.Pid }

func (b *bareServer) stop() {
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	_ = b.cmd.Wait()
}

// bareProducts answers GetProduct with one message.
type bareProducts struct {
	catalogv1connect.ProductServiceHandler

	res *catalogv1.GetProductResponse
}

func (p bareProducts) GetProduct(context.Context, *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	return p.res, nil
}

// serveBare is the bare server's process. It reads the answer, prints its address
// and serves until SIGTERM, through a listener and with a garbage collector that
// are set as the shop's are.
func serveBare() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := bareUntil(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench: bare server:", err)
		return 1
	}
	return 0
}

func bareUntil(ctx context.Context) error {
	debug.SetGCPercent(200)
	answer, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	products := bareProducts{res: &catalogv1.GetProductResponse{}}
	if err := proto.Unmarshal(answer, products.res); err != nil {
		return err
	}
	server := connect.NewServer()
	catalogv1connect.RegisterProductServiceHandler(server, products)
	mux := http.NewServeMux()
	connecthttp.Mount(mux, server)
	listener, err := rpc.Listen(ctx, "127.0.0.1:0", rpc.APIConnections)
	if err != nil {
		return err
	}
	listener.Serve(mux, slog.New(slog.DiscardHandler))
	fmt.Println(listener.URL())
	<-ctx.Done()
	return listener.Shutdown(context.WithoutCancel(ctx))
}
