package testkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
)

// anyCall are the reasons that every RPC can answer with; contracts don't repeat them.
var anyCall = []string{
	"INVALID_FIELD", "MALFORMED_REQUEST", "REQUEST_TOO_LARGE", "UNKNOWN_RPC", "UNAUTHENTICATED", "PERMISSION_DENIED",
	"TOO_MANY_CALLS", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "DRAINING", "TOO_MANY_STREAMS",
	"TOKEN_EXPIRED", "RATE_LIMITED", "STEP_UP_REQUIRED",
}

// Client calls the server at an address, and fails the test when an RPC answers with
// a reason that the comment of its contract does not list.
// Interceptors such as As are called before that.
func Client(tb testing.TB, url string, interceptors ...connect.ClientInterceptor) *connect.Client {
	return connect.NewClient(connecthttp.NewTransport(http.DefaultClient, url), append(interceptors, DocumentedReasons(tb))...)
}

// DocumentedReasons is what Client checks, for a client of another transport.
func DocumentedReasons(tb testing.TB) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			stream, err := next(ctx, spec)
			if err != nil {
				checkReason(tb, spec.Procedure, err)
				return nil, err
			}
			return &reasonStream{ClientStream: stream, tb: tb, procedure: spec.Procedure}, nil
		}
	}
}

type reasonStream struct {
	connect.ClientStream

	tb        testing.TB
	procedure string
}

func (s *reasonStream) Receive(msg any) error {
	err := s.ClientStream.Receive(msg)
	checkReason(s.tb, s.procedure, err)
	return err
}

func checkReason(tb testing.TB, procedure string, err error) {
	tb.Helper()
	var coded *connect.Error
	if !errors.As(err, &coded) || !coded.IsRemote() {
		return
	}
	reason := RefusalOf(tb, err).Reason
	if reason == "" || slices.Contains(anyCall, reason) {
		return
	}
	documented, err := documentedReasons()
	if err != nil {
		tb.Errorf("read the contracts: %v", err)
		return
	}
	if !slices.Contains(documented[procedure], reason) {
		tb.Errorf("%s answered with %s, which its contract's comment does not list: it ends with \"Errors: %s.\"",
			procedure, reason, strings.Join(documented[procedure], ", "))
	}
}

var (
	packageLine    = regexp.MustCompile(`(?m)^package ([a-z0-9_.]+);`)
	serviceBlock   = regexp.MustCompile(`(?ms)^service (\w+) \{(.*?)^\}`)
	rpcWithComment = regexp.MustCompile(`(?m)((?:^ *//.*\n)*)^ *rpc (\w+)\(`)
	commentMark    = regexp.MustCompile(`(?m)^ *// ?`)
	errorsSentence = regexp.MustCompile(`\bErrors:\s([A-Z0-9_,\s]+)\.`)
)

// documentedReasons reads the reasons that the comments of the contracts list, by
// procedure: "/shopmesh.order.v1.OrderService/GetOrder".
var documentedReasons = sync.OnceValues(func() (map[string][]string, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	protos, err := filepath.Glob(filepath.Join(root, "proto", "shopmesh", "*", "v1", "*_service.proto"))
	if err == nil && len(protos) == 0 {
		err = fmt.Errorf("no *_service.proto in %s", root)
	}
	if err != nil {
		return nil, err
	}
	reasons := map[string][]string{}
	for _, path := range protos {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		readReasons(string(text), reasons)
	}
	return reasons, nil
})

// repository returns the folder of go.work above the one that the test runs in: what is compiled with -trimpath holds no
// paths of files.
func repository() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.work")); err == nil {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("no go.work above %s", here)
		}
	}
}

func readReasons(proto string, reasons map[string][]string) {
	var name string
	if match := packageLine.FindStringSubmatch(proto); match != nil {
		name = match[1]
	}
	for _, service := range serviceBlock.FindAllStringSubmatch(proto, -1) {
		for _, rpc := range rpcWithComment.FindAllStringSubmatch(service[2], -1) {
			procedure := fmt.Sprintf("/%s.%s/%s", name, service[1], rpc[2])
			comment := commentMark.ReplaceAllString(rpc[1], "")
			reasons[procedure] = nil
			if match := errorsSentence.FindStringSubmatch(comment); match != nil {
				reasons[procedure] = strings.FieldsFunc(match[1], func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
			}
		}
	}
}
