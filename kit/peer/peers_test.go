package peer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// peersOf returns clients of one context, in this process and in another.
func peersOf(t *testing.T, s *harness) map[string]operationsv1connect.OperationsServiceClient {
	t.Helper()
	here := peer.New(nil, propagation.TraceContext{}, nil)
	// A client may be taken before the process knows its contexts.
	near := operationsv1connect.NewOperationsServiceClient(here.Client("catalog"))
	here.Here(s.server, "catalog")
	there := peer.New(map[string]string{"catalog": s.url}, propagation.TraceContext{}, testkit.Log(t))
	t.Cleanup(there.Close)
	return map[string]operationsv1connect.OperationsServiceClient{
		"in process": near,
		"by URL":     operationsv1connect.NewOperationsServiceClient(there.Client("catalog")),
	}
}

// clientOf returns a client over the wire, as a caller of ours has it.
func clientOf(t *testing.T, s *harness) operationsv1connect.OperationsServiceClient {
	t.Helper()
	peers := peer.New(map[string]string{"caller": s.url}, nil, testkit.Log(t))
	t.Cleanup(peers.Close)
	return operationsv1connect.NewOperationsServiceClient(peers.Client("caller"))
}

// A peer answers the same whether it runs here or elsewhere, and its refusal can
// be recognised by its reason.
func TestPeersAnswerAlikeNearAndFar(t *testing.T) {
	t.Parallel()
	s := newHarness(t, &shop{status: func(_ context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		if req.GetContext() == "unknown" {
			return nil, fault.New(fault.NotFound, "PRODUCT_NOT_FOUND", "no product %q", "A-1").
				With("code", "A-1").Field("code", "unknown").RetryAfter(time.Second)
		}
		return &operationsv1.GetStatusResponse{Contexts: []*operationsv1.ContextStatus{{Context: req.GetContext()}}}, nil
	}})
	for where, client := range peersOf(t, s) {
		res, err := client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: "order"})
		if err != nil || res.GetContexts()[0].GetContext() != "order" {
			t.Errorf("%s: %v, %v", where, res, err)
		}
		_, err = client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: "unknown"})
		given, ok := peer.Fault(err)
		if !ok || given.Reason() != "PRODUCT_NOT_FOUND" || given.Kind() != fault.NotFound || given.Metadata()["code"] != "A-1" ||
			given.Violations()[0].Field != "code" || given.RetryDelay() != time.Second || peer.Away(err) {
			t.Errorf("%s: %v", where, given)
		}
		// The chain holds for peers, too.
		_, err = client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: strings.Repeat("x", 65)})
		if given, _ := peer.Fault(err); given.Reason() != fault.ReasonInvalidField {
			t.Errorf("%s: %v", where, err)
		}
	}
}

// What a peer answers while we serve somebody: its refusals pass, its absence is
// UNAVAILABLE, and what only we can have done wrong is our failure.
func TestWhatAPeersAnswerMeansToOurCaller(t *testing.T) {
	t.Parallel()
	other := newHarness(t, &shop{status: func(ctx context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		switch req.GetContext() {
		case "missing":
			return nil, fault.New(fault.NotFound, "ADDRESS_NOT_FOUND", "no such address")
		case "away":
			return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "the database is away")
		case "denied":
			return nil, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "not you")
		case "broken":
			return nil, errors.New("secret")
		default:
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}})
	for where, client := range peersOf(t, other) {
		ours := newHarness(t, &shop{status: func(ctx context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
			if req.GetContext() == "slow" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
			}
			res, err := client.GetStatus(ctx, req)
			if err != nil {
				return nil, fmt.Errorf("call catalog: %w", err)
			}
			return res, nil
		}})
		query := clientOf(t, ours)
		for question, want := range map[string]string{
			"missing": "not_found ADDRESS_NOT_FOUND", "away": "unavailable UNAVAILABLE", "slow": "unavailable UNAVAILABLE",
			"denied": "internal INTERNAL", "broken": "internal INTERNAL",
		} {
			_, err := query.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: question})
			got, _ := peer.Fault(err)
			if text := connect.CodeOf(err).String() + " " + string(got.Reason()); text != want {
				t.Errorf("%s, %s: %s, want %s", where, question, text, want)
			}
			if got.Kind() == fault.Unavailable && got.RetryDelay() == 0 {
				t.Errorf("%s, %s: no delay", where, question)
			}
		}
	}
}

func TestAPeerThatIsNowhere(t *testing.T) {
	t.Parallel()
	peers := peer.New(map[string]string{"payment": "http://127.0.0.1:1"}, nil, testkit.Log(t))
	t.Cleanup(peers.Close)
	for name, want := range map[string]string{"catalog": "SHOPMESH_CATALOG_URL", "payment": "refused"} {
		client := operationsv1connect.NewOperationsServiceClient(peers.Client(name))
		_, err := client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{})
		if !peer.Away(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The caller's trace goes on in the peer, near and far.
func TestTheTraceGoesOnInThePeer(t *testing.T) {
	t.Parallel()
	seen := make(chan trace.SpanContext, 1)
	s := newHarness(t, &shop{status: func(ctx context.Context, _ *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		seen <- trace.SpanContextFromContext(ctx)
		return &operationsv1.GetStatusResponse{}, nil
	}})
	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	for where, client := range peersOf(t, s) {
		if _, err := client.GetStatus(trace.ContextWithSpanContext(t.Context(), caller), &operationsv1.GetStatusRequest{}); err != nil {
			t.Fatal(err)
		}
		if got := <-seen; got.TraceID() != caller.TraceID() {
			t.Errorf("%s: trace %s, want %s", where, got.TraceID(), caller.TraceID())
		}
	}
}

// A peer whose certificate expired is named with its date, once, however often it is
// called; when the certificate is renewed, calls go through.
func TestAPeersCertificateExpires(t *testing.T) {
	t.Parallel()
	s := newHarness(t, &shop{})
	certificate := testkit.NewServer(t)
	front := certificate.Front("tcp", s.addr)
	log := &testkit.Lines{}
	peers := peer.New(map[string]string{"catalog": "https://" + front.Addr()}, nil, log.Log())
	t.Cleanup(peers.Close)
	ca, err := os.ReadFile(certificate.CAFile)
	if err != nil || !peers.Trust(ca) {
		t.Fatal("no CA", err)
	}
	client := operationsv1connect.NewOperationsServiceClient(peers.Client("catalog"))
	call := func() error {
		_, err := client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{})
		return err
	}
	condition := func() error { return peers.Conditions()[0](t.Context()) }
	if err := call(); err != nil || condition() != nil {
		t.Fatalf("a good certificate: %v, %v", err, condition())
	}
	certificate.Expire()
	front.Cut()
	// What was sent as the connection was cut may fail for that.
	testkit.Eventually(t, "the certificate is refused", func() bool { err := call(); return err != nil && strings.Contains(err.Error(), "certificate") })
	err = call()
	if !peer.Away(err) {
		t.Errorf("called with %v", err)
	}
	for _, text := range []string{err.Error(), condition().Error(), log.String()} {
		for _, want := range []string{"the certificate of localhost, 127.0.0.1", certificate.Expired.Format(time.RFC3339), "renew it there"} {
			if !strings.Contains(text, want) {
				t.Errorf("it lacks %q: %s", want, text)
			}
		}
	}
	if n := strings.Count(log.String(), "\n"); n > 2 || !strings.Contains(log.String(), "catalog can't be reached") {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
	certificate.Renew()
	if err := call(); err != nil {
		t.Errorf("renewed: %v", err)
	}
	if err := condition(); err != nil {
		t.Errorf("still shown: %v", err)
	}
}

// A connection to a peer that passes nothing on is given up, and the next call opens
// another. Otherwise every call would use it and run out of time for as long as it stays
// open.
func TestAConnectionToAPeerThatSwallowsIsGivenUp(t *testing.T) {
	t.Parallel()
	far := newHarness(t, &shop{status: func(context.Context, *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
		return &operationsv1.GetStatusResponse{}, nil
	}})
	between := testkit.NewSwallower(t, "tcp", far.addr)
	peers := peer.New(map[string]string{"catalog": "http://" + between.Addr()}, nil, testkit.Log(t))
	t.Cleanup(peers.Close)
	client := operationsv1connect.NewOperationsServiceClient(peers.Client("catalog"))
	if _, err := client.GetStatus(t.Context(), &operationsv1.GetStatusRequest{}); err != nil {
		t.Fatal(err)
	}
	between.Swallow()
	testkit.Eventually(t, "the peer answers again", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.GetStatus(ctx, &operationsv1.GetStatusRequest{})
		return err == nil
	})
}
