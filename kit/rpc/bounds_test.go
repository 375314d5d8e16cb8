package rpc_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// However many rules a request breaks, at most the first 20 are listed, and how many more
// there are, in 4 KiB.
func TestTheFirstTwentyViolationsAreListed(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"-%d"`, i+1)
	}
	body := `{"selection":{"ids":[` + strings.Join(ids, ",") + `]}}`
	connectAnswer := s.send(t, http1(t), "POST", redrivePath, "application/json", strings.NewReader(body))
	restAnswer := s.send(t, http1(t), "POST", redriveREST, "application/json", strings.NewReader(body))
	for protocol, problem := range map[string]refusal{"Connect": connectProblem(t, connectAnswer), "REST": restProblem(t, restAnswer)} {
		listed := len(problem.fields) - 1
		if problem.reason != "INVALID_FIELD" || listed < 15 || listed > 20 || problem.fields[listed] != fmt.Sprintf(": and %d more", 100-listed) {
			t.Errorf("%s: %d: %v", protocol, len(problem.fields), problem)
		}
	}
	if len(connectAnswer.body) > 4<<10 || len(restAnswer.body) > 4<<10 {
		t.Errorf("%d bytes over Connect, %d over REST", len(connectAnswer.body), len(restAnswer.body))
	}
}

// What a client echoes itself comes back cut, so that gRPC's headers hold the answer
// and NOT_FOUND arrives as NOT_FOUND.
func TestEchoedValuesAreCut(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	long := strings.Repeat("x", 60_000)
	_, err := healthv1.NewHealthClient(s.grpc(t)).Check(t.Context(), &healthv1.HealthCheckRequest{Service: long})
	if status.Code(err) != codes.NotFound || len(err.Error()) > 1000 {
		t.Errorf("a long health service: %d bytes, %v", len(err.Error()), status.Code(err))
	}
	err = s.grpc(t).Invoke(t.Context(), "/shopmesh.operations.v1.OperationsService/"+long[:30_000], &healthv1.HealthCheckRequest{}, &healthv1.HealthCheckRequest{})
	if problem := refusalOfStatus(status.Convert(err)); problem.reason != "UNKNOWN_RPC" || len(problem.metadata["procedure"]) > 200 {
		t.Errorf("a long procedure: %d bytes, %v", len(problem.message), problem.reason)
	}
	_, err = operationsv1.NewOperationsServiceClient(s.grpc(t)).GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: long})
	if problem := refusalOfStatus(status.Convert(err)); problem.reason != "INVALID_FIELD" {
		t.Errorf("a long context: %v", problem)
	}
	got := s.send(t, http1(t), "GET", "/v1/operations/status?"+long+"=1", "", nil)
	if problem := restProblem(t, got); problem.reason != "MALFORMED_REQUEST" || len(got.body) > 4<<10 {
		t.Errorf("a long parameter: %d bytes, %v", len(got.body), problem)
	}
}

// REST answers what it does not serve as it answers every error: with a status in JSON.
func TestRESTAnswersWhatItDoesNotServe(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) {
		h.Extra = map[string]http.Handler{"GET /.well-known/jwks.json": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	})
	client := http1(t)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, row := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/.well-known/openid-configuration", 404, ""},
		{"POST", "/.well-known/security.txt", 404, ""},
		{"POST", "/.well-known/jwks.json", 405, "GET, HEAD"},
		{"TRACE", "/.well-known/jwks.json", 405, "GET, HEAD"},
		{"POST", "/.well-known//jwks.json", 404, ""},
		{"GET", "//v1/operations/status", 404, ""},
		{"GET", "/operations/../v1/operations/status", 404, ""},
		{"GET", "/v1/operations//status", 404, ""},
		{"DELETE", "/v1/operations/status", 405, "GET, HEAD"},
		{"GET", "/v1/operations/deadLetters:redrive", 405, "POST"},
		{"TRACE", "/v1/operations/status", 405, "GET, HEAD"},
		{"TRACE", "/", 405, "GET, HEAD, POST"},
		{"PUT", statusPath, 405, "GET, HEAD, POST"},
		{"GET", redrivePath, 405, "POST"},
		{"TRACE", redrivePath, 405, "POST"},
	} {
		got := s.send(t, client, row.method, row.path, "", nil)
		if got.status != row.status || got.header.Get("Allow") != row.allow {
			t.Errorf("%s %s: %d, Allow %q; want %d, %q", row.method, row.path, got.status, got.header.Get("Allow"), row.status, row.allow)
		}
		if !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") || !bytes.Contains(got.body, []byte(`"code":`)) ||
			!bytes.Contains(got.body, []byte("UNKNOWN_RPC")) && !bytes.Contains(got.body, []byte("google.rpc.ErrorInfo")) {
			t.Errorf("%s %s: %s %s", row.method, row.path, got.header.Get("Content-Type"), got.body)
		}
	}
}

// A stream is a JSON value a line, and its content type states that.
func TestARESTStreamIsLinesOfJSON(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: sendOnceAndWait})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v1/operations/audit", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http1(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	line, err := bufio.NewReader(res.Body).ReadBytes('\n')
	if err != nil || !json.Valid(line) || res.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%q %s, %v", res.Header.Get("Content-Type"), line, err)
	}
}

// A stream without a message has the type of one that has some.
func TestARESTStreamMayBeEmpty(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: func(context.Context, *operationsv1.AuditRequest, func(*operationsv1.AuditResponse) error) error {
		return nil
	}})
	got := s.send(t, http1(t), "GET", "/v1/operations/audit", "", nil)
	if got.status != http.StatusOK || len(got.body) != 0 || got.header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("got %d, %q of the type %q; want 200 and nothing, of the type application/x-ndjson", got.status, got.body, got.header.Get("Content-Type"))
	}
}

// The client's deadline is what ends a stream, before and after its first message, also
// when the server needs longer to notice.
func TestARESTStreamEndsAtTheClientsDeadline(t *testing.T) {
	t.Parallel()
	// On a busy machine the first message may need longer than a short deadline: then a
	// longer one is tried.
	stream := func(sends int, deadline string) answer {
		answered := make(chan struct{})
		s := open(t, &shop{audit: func(ctx context.Context, _ *operationsv1.AuditRequest, send func(*operationsv1.AuditResponse) error) error {
			for range sends {
				if err := send(&operationsv1.AuditResponse{Context: "first"}); err != nil {
					return err
				}
			}
			<-answered
			return ctx.Err()
		}})
		defer close(answered)
		return s.send(t, http1(t), "GET", "/v1/operations/audit", "", nil, "Grpc-Timeout", deadline)
	}
	for _, sends := range []int{0, 1} {
		got := stream(sends, "50m")
		for _, longer := range []string{"2S", "20S"} {
			if sends == 1 && got.status == http.StatusGatewayTimeout {
				got = stream(sends, longer)
			}
		}
		lines := strings.Split(strings.TrimSpace(string(got.body)), "\n")
		if last := lines[len(lines)-1]; len(lines) != sends+1 || !strings.Contains(last, `"DEADLINE_EXCEEDED"`) {
			t.Errorf("after %d messages: got %d %q, want DEADLINE_EXCEEDED behind them", sends, got.status, lines)
		}
		if want := []int{http.StatusGatewayTimeout, http.StatusOK}[sends]; got.status != want {
			t.Errorf("after %d messages: got the status %d, want %d", sends, got.status, want)
		}
	}
}

// A body may be compressed by gzip, within the bound of what it holds; other encodings are
// refused, and not taken for what they encode.
func TestRESTTakesGzip(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	zipped := func(text string) *bytes.Buffer {
		var buffer bytes.Buffer
		writer := gzip.NewWriter(&buffer)
		_, _ = io.WriteString(writer, text)
		_ = writer.Close()
		return &buffer
	}
	send := func(body io.Reader, encoding string) answer {
		return s.send(t, http1(t), "POST", redriveREST, "application/json", body, "Content-Encoding", encoding)
	}
	const good = `{"context":"order","selection":{"ids":["7"]}}`
	if got := send(zipped(good), "gzip"); got.status != http.StatusOK || !strings.Contains(string(got.body), `"redriven":"1"`) {
		t.Errorf("gzip: %d %s", got.status, got.body)
	}
	if got := send(strings.NewReader(good), "identity"); got.status != http.StatusOK {
		t.Errorf("identity: %d %s", got.status, got.body)
	}
	for name, row := range map[string]struct {
		body     io.Reader
		encoding string
		status   int
		reason   string
	}{
		"a bomb":         {zipped(strings.Repeat(" ", 64<<20)), "gzip", 413, "REQUEST_TOO_LARGE"},
		"no gzip":        {strings.NewReader(good), "gzip", 400, "MALFORMED_REQUEST"},
		"cut off":        {bytes.NewReader(zipped(good).Bytes()[:20]), "gzip", 400, "MALFORMED_REQUEST"},
		"another":        {strings.NewReader(good), "br", 415, "MALFORMED_REQUEST"},
		"two in a chain": {zipped(good), "gzip, gzip", 415, "MALFORMED_REQUEST"},
	} {
		got := send(row.body, row.encoding)
		if problem := restProblem(t, got); got.status != row.status || problem.reason != row.reason {
			t.Errorf("%s: %d %v", name, got.status, problem)
		}
		if accepted := got.header.Get("Accept-Encoding"); row.status == 415 && accepted != "gzip" {
			t.Errorf("%s: Accept-Encoding %q", name, accepted)
		}
	}
}

// HEAD answers as GET does, without the body; a stream ends with its first message.
func TestHEADWorksWhereGETDoes(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: sendOnceAndWait})
	for _, path := range []string{"/v1/operations/status", "/v1/operations/audit", statusPath + "?encoding=json&message=%7B%7D"} {
		for name, client := range map[string]*http.Client{"HTTP/1.1": http1(t), "HTTP/2": http2(t)} {
			got := s.send(t, client, "HEAD", path, "", nil)
			if got.status != http.StatusOK || len(got.body) != 0 || !strings.Contains(got.header.Get("Content-Type"), "json") {
				t.Errorf("%s, %s: %d %v", path, name, got.status, got.header)
			}
		}
	}
	if got := s.send(t, http1(t), "HEAD", "/v1/operations/deadLetters:redrive", "", nil); got.status != http.StatusMethodNotAllowed {
		t.Errorf("where GET is not: %d", got.status)
	}
}

// Answers are one caller's own: no cache between may keep them.
func TestAnswersAreNotCached(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{audit: sendOnceAndWait})
	for _, path := range []string{"/v1/operations/status", statusPath + "?encoding=json&message=%7B%7D"} {
		for _, method := range []string{"GET", "HEAD"} {
			if got := s.send(t, http1(t), method, path, "", nil).header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s %s: Cache-Control is %q, want no-store", method, path, got)
			}
		}
	}
}

// gRPC-Web's text form is not served, and the answer names what is.
func TestGRPCWebTextIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	for _, contentType := range []string{"application/grpc-web-text", "application/grpc-web-text+proto", "text/html"} {
		got := s.send(t, http1(t), "POST", statusPath, contentType, strings.NewReader("AAAAAAA="))
		if got.status != http.StatusUnsupportedMediaType || !strings.Contains(got.header.Get("Accept-Post"), "application/grpc-web+proto") ||
			connectProblem(t, got).reason != "MALFORMED_REQUEST" {
			t.Errorf("%s: %d %v %s", contentType, got.status, got.header, got.body)
		}
	}
}

// What the contract's longest lists hold stays within the bounds of a request.
func TestTheLongestListsAreTaken(t *testing.T) {
	t.Parallel()
	s := open(t, &shop{})
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = fmt.Sprintf("%q", fmt.Sprint(1_000_000_000_000+i))
	}
	got := s.send(t, http1(t), "POST", redrivePath, "application/json", strings.NewReader(`{"selection":{"ids":[`+strings.Join(ids, ",")+`]}}`))
	if got.status != http.StatusOK || !bytes.Contains(got.body, []byte(`"redriven":"1000"`)) {
		t.Errorf("%d %s", got.status, got.body)
	}
}
