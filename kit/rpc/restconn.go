package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/connect/v2/connectproto"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/shopmesh/shopmesh/kit/mask"
)

// restConn lets the gateway's generated clients call a Connect server of the same
// process. It passes on the headers that name the caller and the trace, the program's name
// and cookies, and nothing else that a client sends; of the answer's headers it passes on
// cookies that are set.
type restConn struct {
	client *connect.Client
	specs  map[string]connect.Spec
	routes restRoutes
}

func newRESTConn(server *connect.Server, routes restRoutes) *restConn {
	conn := &restConn{
		client: connect.NewClient(connectinprocess.New(server)), specs: make(map[string]connect.Spec), routes: routes,
	}
	for spec := range server.Specs() {
		conn.specs[spec.Procedure] = spec
	}
	return conn
}

// Invoke makes a unary call.
func (c *restConn) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	ctx, spec, err := c.enter(ctx, method)
	if err != nil {
		return err
	}
	if refused := c.routes.checkQuery(ctx, method); refused != nil {
		return grpcError(fromFault(refused, refused))
	}
	// Without a mask in the query, the gateway made one of the body.
	if request, ok := ctx.Value(restRequestKey{}).(*restRequest); ok && !request.query.Has("updateMask") && !request.query.Has("update_mask") {
		if message, ok := args.(proto.Message); ok {
			mask.Body(message)
		}
	}
	err = c.client.CallUnary(ctx, spec, args, reply)
	passCookies(ctx)
	return grpcError(err)
}

// NewStream opens a streaming call.
func (c *restConn) NewStream(ctx context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, spec, err := c.enter(ctx, method)
	if err != nil {
		return nil, err
	}
	if refused := c.routes.checkQuery(ctx, method); refused != nil {
		return nil, grpcError(fromFault(refused, refused))
	}
	stream, err := c.client.CallClientStream(ctx, spec)
	if err != nil {
		return nil, grpcError(err)
	}
	schema, ok := spec.Schema.(protoreflect.MethodDescriptor)
	if !ok {
		_ = stream.Close()
		return nil, grpcError(internal(fmt.Errorf("RPC %s has no protobuf schema", method)))
	}
	return &restStream{ctx: ctx, stream: stream, method: schema}, nil
}

func (c *restConn) enter(ctx context.Context, method string) (context.Context, connect.Spec, error) {
	spec, ok := c.specs[method]
	if !ok {
		missing := unknownRPC(method)
		return nil, connect.Spec{}, grpcError(fromFault(missing, missing))
	}
	ctx, info := connect.NewClientContext(ctx)
	if request, ok := ctx.Value(restRequestKey{}).(*restRequest); ok {
		for _, name := range []string{"Authorization", "Shopmesh-Caller", "Cookie", "User-Agent", "Traceparent", "Tracestate", "X-Request-Id"} {
			if values := request.header.Values(name); len(values) > 0 {
				info.RequestHeader().SetValues(name, values)
			}
		}
	}
	return ctx, spec, nil
}

// passCookies puts the cookies that a call sets into the answer of the HTTP request.
func passCookies(ctx context.Context) {
	info, called := connect.CallInfoForClientContext(ctx)
	request, ok := ctx.Value(restRequestKey{}).(*restRequest)
	if !called || !ok {
		return
	}
	for _, cookie := range info.ResponseHeader().Values("Set-Cookie") {
		request.answer.Add("Set-Cookie", cookie)
	}
}

// restStream is a streaming call as the gateway's clients see it.
type restStream struct {
	ctx    context.Context //nolint:containedctx // grpc.ClientStream hands it out
	stream connect.ClientStream
	method protoreflect.MethodDescriptor

	// first is the first message, or firstErr the end, when Header fetched it.
	first    proto.Message
	firstErr error
}

func (s *restStream) Trailer() metadata.MD     { return metadata.MD{} }
func (s *restStream) Context() context.Context { return s.ctx }
func (s *restStream) CloseSend() error         { return s.stream.CloseSend() }

// Header waits for the first message: a refusal that comes instead of it is then
// answered as that of a unary call is, with its own HTTP status.
func (s *restStream) Header() (metadata.MD, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(s.method.Output().FullName())
	if err != nil {
		return metadata.MD{}, err
	}
	first := kind.New().Interface()
	switch err := s.stream.Receive(first); {
	case err == nil:
		s.first = first
	case errors.Is(err, io.EOF):
		s.firstErr = io.EOF
		// The gateway states the type of an answer with its first message.
		if request, ok := s.ctx.Value(restRequestKey{}).(*restRequest); ok {
			request.answer.Set("Content-Type", streamType)
		}
	default:
		return nil, grpcError(err)
	}
	return metadata.MD{}, nil
}

func (s *restStream) SendMsg(message any) error {
	err := s.stream.Send(message)
	if errors.Is(err, io.EOF) {
		// The call is over already; what is received next shows why.
		return nil
	}
	return grpcError(err)
}

func (s *restStream) RecvMsg(message any) error {
	if s.firstErr != nil {
		return s.firstErr
	}
	if s.first != nil {
		first := s.first
		s.first = nil
		return connectinprocess.ProtoCopy(message, first)
	}
	return grpcError(s.stream.Receive(message))
}

// grpcError turns an error of the Connect server into grpc-go's form, details
// included.
func grpcError(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	var coded *connect.Error
	if errors.As(err, &coded) {
		return grpcStatus(coded).Err()
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		// The client's end of a stream does not wait for what the server makes of it.
		over := ended(err).Because(err)
		return grpcStatus(fromFault(over, over)).Err()
	}
	return status.FromContextError(err).Err()
}

func grpcStatus(coded *connect.Error) *status.Status {
	given := &statuspb.Status{Code: int32(codes.Code(coded.Code())), Message: coded.Message()}
	for _, detail := range coded.Details() {
		given.Details = append(given.Details, connectproto.ErrorDetailToAny(detail))
	}
	return status.FromProto(given)
}
