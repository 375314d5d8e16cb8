package rpc_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// shop is a service whose answers a test chooses. Its contract is that of
// OperationsService: unary and streaming RPCs, rules, REST routes.
type shop struct {
	operationsv1connect.UnimplementedOperationsServiceHandler

	status func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error)
	audit  func(context.Context, *operationsv1.AuditRequest, func(*operationsv1.AuditResponse) error) error
	// redrive, when set, is called by RedriveDeadLetters.
	redrive func(context.Context) error
	// products, when set, are served too: their RPCs are public.
	products *products
}

func (s *shop) GetStatus(ctx context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
	if s.status == nil {
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Context: req.GetContext(), Ready: true}}}, nil
	}
	return s.status(ctx, req)
}

func (s *shop) RedriveDeadLetters(ctx context.Context, req *operationsv1.RedriveDeadLettersRequest) (*operationsv1.RedriveDeadLettersResponse, error) {
	if s.redrive != nil {
		if err := s.redrive(ctx); err != nil {
			return nil, err
		}
	}
	return &operationsv1.RedriveDeadLettersResponse{Redriven: int64(len(req.GetSelection().GetIds()))}, nil
}

func (s *shop) Audit(ctx context.Context, req *operationsv1.AuditRequest, stream operationsv1connect.OperationsServiceAuditServerStream) error {
	return s.audit(ctx, req, stream.Send)
}

// failing returns a shop whose every answer is this error.
func failing(err error) *shop {
	return &shop{
		status: func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
			return nil, err
		},
		audit: func(context.Context, *operationsv1.AuditRequest, func(*operationsv1.AuditResponse) error) error {
			return err
		},
	}
}

// site is a running server.
type site struct {
	url, addr string
	log       *testkit.Lines
	server    *connect.Server
	listener  *rpc.Listener
	streams   *rpc.Streams
	health    *rpc.Health
	headers   map[string]string // that its callers send; see behind
}

type option func(*rpc.Config, *rpc.HandlerConfig)

func open(t *testing.T, service *shop, options ...option) *site {
	t.Helper()
	return openEncrypted(t, nil, service, options...)
}

// openEncrypted opens a site that speaks TLS, when there is a configuration.
func openEncrypted(t *testing.T, encrypted *tls.Config, service *shop, options ...option) *site {
	t.Helper()
	log := &testkit.Lines{}
	config := rpc.Config{
		Log:           slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Authenticator: testkit.Everyone(testkit.Owner()),
		Reflection:    &optionsv1.Authorization{Public: true},
		Streams:       rpc.NewStreams(rpc.DefaultStreamLimits()),
	}
	health := rpc.NewHealth()
	protocols := rpc.HandlerConfig{
		Health: health, Reflection: true,
		Gateways: []rpc.GatewayFunc{
			rpc.Gateway(operationsv1.RegisterOperationsServiceHandlerClient, operationsv1.NewOperationsServiceClient),
		},
	}
	for _, set := range options {
		set(&config, &protocols)
	}
	server, err := rpc.NewServer(config)
	if err != nil {
		t.Fatal(err)
	}
	operationsv1connect.RegisterOperationsServiceHandler(server, service)
	if service.products != nil {
		catalogv1connect.RegisterProductServiceHandler(server, service.products)
	}
	handler, err := rpc.NewHandler(server, protocols)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := rpc.Listen(t.Context(), "127.0.0.1:0", rpc.APIConnections)
	if err != nil {
		t.Fatal(err)
	}
	if encrypted != nil {
		listener.Encrypt(encrypted)
	}
	listener.Serve(handler, config.Log)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		config.Streams.Drain()
		if err := listener.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return &site{
		url: listener.URL(), addr: listener.Addr(), log: log, server: server,
		listener: listener, streams: config.Streams, health: health,
	}
}

// http2 returns a client that speaks HTTP/2 without TLS alone.
func http2(t *testing.T) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// http1 returns a client that speaks HTTP/1.1 alone.
func http1(t *testing.T) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (s *site) client(httpClient *http.Client, options ...connecthttp.Option) operationsv1connect.OperationsServiceClient {
	return operationsv1connect.NewOperationsServiceClient(
		connect.NewClient(connecthttp.NewTransport(httpClient, s.url, options...)))
}

func (s *site) grpc(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(s.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(
		func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
			ctx = metadata.NewOutgoingContext(ctx, metadata.New(s.headers))
			return invoke(ctx, method, req, reply, conn, options...)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// answer is a plain HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (s *site) send(t *testing.T, client *http.Client, method, path, contentType string, body io.Reader, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: read: %v", method, path, err)
	}
	return answer{res.StatusCode, res.Header, data}
}

const statusPath = operationsv1connect.OperationsServiceGetStatusProcedure

// refusal is what a client learns of an error, whatever the protocol.
type refusal struct {
	code     string
	message  string
	reason   string
	metadata map[string]string
	fields   []string
	retry    time.Duration
}

func (a refusal) String() string {
	data, _ := json.Marshal([]any{a.code, a.message, a.reason, a.metadata, a.fields, a.retry})
	return string(data)
}

// refusalOf reads a Connect client's error.
func refusalOf(t *testing.T, err error) refusal {
	t.Helper()
	var coded *connect.Error
	if !asConnect(err, &coded) {
		t.Fatalf("no coded error: %v", err)
	}
	got := refusal{code: coded.Code().String(), message: coded.Message()}
	for _, detail := range coded.Details() {
		message, err := connectproto.UnmarshalErrorDetail(detail)
		if err != nil {
			t.Fatal(err)
		}
		got.add(message)
	}
	return got
}

func (a *refusal) add(detail proto.Message) {
	switch detail := detail.(type) {
	case *errdetails.ErrorInfo:
		a.reason, a.metadata = detail.GetReason(), detail.GetMetadata()
		if detail.GetDomain() != "shopmesh" {
			a.reason = "domain " + detail.GetDomain()
		}
	case *errdetails.BadRequest:
		for _, v := range detail.GetFieldViolations() {
			a.fields = append(a.fields, v.GetField()+": "+v.GetDescription())
		}
	case *errdetails.RetryInfo:
		a.retry = detail.GetRetryDelay().AsDuration()
	}
}

// within waits for a signal; what completes the sentence "waited in vain until …".
func within(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(testkit.Patience):
		t.Fatalf("waited in vain until %s", what)
	}
}
