package rpc_test

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	frames "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// frame is what a server sent on a stream.
type frame struct {
	kind   frames.FrameType
	end    bool
	fields map[string]string
	size   int
}

// callRaw makes one gRPC call over a bare HTTP/2 connection and returns the frames
// of the answer, to its end.
func callRaw(t *testing.T, addr, path string, message []byte) []frame {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(testkit.Patience))
	if _, err := conn.Write([]byte(frames.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	framer := frames.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	must(t, framer.WriteSettings())
	var head bytes.Buffer
	encoder := hpack.NewEncoder(&head)
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":authority", addr}, {":path", path},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		must(t, encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}))
	}
	must(t, framer.WriteHeaders(frames.HeadersFrameParam{StreamID: 1, BlockFragment: head.Bytes(), EndHeaders: true}))
	envelope := append([]byte{0, 0, 0, 0, byte(len(message))}, message...)
	must(t, framer.WriteData(1, true, envelope))
	return readAnswer(t, framer)
}

func readAnswer(t *testing.T, framer *frames.Framer) []frame {
	t.Helper()
	var answer []frame
	for {
		read, err := framer.ReadFrame()
		if err != nil {
			t.Fatalf("read: %v, after %+v", err, answer)
		}
		if read.Header().StreamID != 1 {
			continue
		}
		got := frame{kind: read.Header().Type, fields: map[string]string{}}
		switch read := read.(type) {
		case *frames.MetaHeadersFrame:
			got.end = read.StreamEnded()
			for _, field := range read.Fields {
				got.fields[field.Name] = field.Value
			}
		case *frames.DataFrame:
			got.end, got.size = read.StreamEnded(), len(read.Data())
		case *frames.WindowUpdateFrame:
			continue
		}
		if answer = append(answer, got); got.end || got.kind == frames.FrameRSTStream {
			return answer
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A gRPC error without a message is one HEADERS frame that ends the stream: a proxy
// reads grpc-status there and nowhere else.
func TestAGRPCErrorIsOneFrame(t *testing.T) {
	t.Parallel()
	away := fault.New(fault.Unavailable, fault.ReasonUnavailable, "the database is away").RetryAfter(time.Second)
	s := open(t, failing(away))
	for name, path := range map[string]string{
		"unary": statusPath, "stream": "/shopmesh.operations.v1.OperationsService/Audit",
		"unknown method":  "/shopmesh.operations.v1.OperationsService/Nothing",
		"unknown service": "/shopmesh.nowhere.v1.NoService/Nothing",
	} {
		answer := callRaw(t, s.addr, path, nil)
		if len(answer) != 1 || answer[0].kind != frames.FrameHeaders || !answer[0].end {
			t.Errorf("%s: %+v", name, answer)
			continue
		}
		fields := answer[0].fields
		want := "14"
		if name != "unary" && name != "stream" {
			want = "12"
		}
		if fields[":status"] != "200" || fields["grpc-status"] != want || fields["grpc-message"] == "" ||
			fields["grpc-status-details-bin"] == "" || fields["content-type"] != "application/grpc" || fields["trailer"] != "" {
			t.Errorf("%s: %+v", name, fields)
		}
	}
	_, err := operationsv1.NewOperationsServiceClient(s.grpc(t)).GetStatus(t.Context(), &operationsv1.GetStatusRequest{})
	if got := refusalOfStatus(status.Convert(err)); got.reason != "UNAVAILABLE" || got.retry != time.Second || status.Code(err) != codes.Unavailable {
		t.Errorf("grpc-go read %v", got)
	}
}

// An answer with messages is framed as ever: headers, data, trailers.
func TestAGRPCAnswerKeepsItsTrailers(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: func(_ context.Context, _ *operationsv1.AuditRequest, send func(*operationsv1.AuditResponse) error) error {
		if err := send(&operationsv1.AuditResponse{Context: "order"}); err != nil {
			return err
		}
		return fault.New(fault.Unavailable, fault.ReasonUnavailable, "gone")
	}})
	for path, want := range map[string]string{statusPath: "0", "/shopmesh.operations.v1.OperationsService/Audit": "14"} {
		answer := callRaw(t, s.addr, path, []byte("\x0a\x01x"))
		first, last := answer[0], answer[len(answer)-1]
		if len(answer) != 3 || first.fields[":status"] != "200" || first.fields["grpc-status"] != "" ||
			answer[1].kind != frames.FrameData || last.fields["grpc-status"] != want || !last.end {
			t.Errorf("%s: %+v", path, answer)
		}
	}
}
