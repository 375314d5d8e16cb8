package bounds_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// What a request may cost the process that serves it.
const (
	mostBytes = 32 << 20
	mostCPU   = 250 * time.Millisecond
	// attempts is how often a request that seems to cost too much is made: the process
	// does other things beside it.
	attempts = 5
)

// request is one to make, with its body encoded.
type request struct {
	protocol    string
	verb, url   string
	contentType string
	headers     []string
	body        []byte
}

// cost is what a request made the process do, the client's part included: it sends
// bytes that are there already, and reads without looking.
type cost struct {
	bytes uint64
	cpu   time.Duration
}

func (c cost) within() bool { return c.bytes <= mostBytes && c.cpu <= mostCPU }

// clients are one of HTTP/1.1 and one of HTTP/2.
type clients struct{ one, two *http.Client }

func newClients(t *testing.T) clients {
	t.Helper()
	var second http.Protocols
	second.SetUnencryptedHTTP2(true)
	one := &http.Transport{DisableCompression: true}
	two := &http.Transport{DisableCompression: true, Protocols: &second}
	t.Cleanup(func() {
		one.CloseIdleConnections()
		two.CloseIdleConnections()
	})
	return clients{&http.Client{Transport: one}, &http.Client{Transport: two}}
}

// costOf makes a request, again while it costs too much, and returns the least that it
// took and the last answer. build returns a request that was not made before, so that
// one that is answered from memory the second time is not taken for a cheap one.
func (s *shop) costOf(t *testing.T, build func() request) (least cost, last answer) {
	t.Helper()
	for attempt := range attempts {
		r := build()
		before := measure()
		last = s.clients.send(t, r)
		after := measure()
		spent := cost{after.bytes - before.bytes, after.cpu - before.cpu}
		if attempt == 0 {
			least = spent
		}
		least = cost{min(least.bytes, spent.bytes), min(least.cpu, spent.cpu)}
		if least.within() {
			break
		}
	}
	return least, last
}

// measure reads what this process has allocated and computed since it began.
func measure() cost {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return cost{sample[0].Value.Uint64(), time.Duration(usage.Utime.Nano() + usage.Stime.Nano())}
}

// answer is how a request ended: its HTTP status, and the code in gRPC's words.
type answer struct {
	status int
	code   string
}

// ok reports that the request was done.
func (a answer) ok() bool { return a.status < 300 && (a.code == "" || a.code == "0") }

// failed reports a fault of the server's: the request was neither done nor refused.
func (a answer) failed() bool {
	switch a.code {
	case "2", "4", "13", "14", "15", "unknown", "internal", "unavailable", "data_loss", "deadline_exceeded":
		return true
	}
	return a.status >= 500
}

func (a answer) String() string { return fmt.Sprintf("status %d %s", a.status, a.code) }

// send makes a request and reads its answer to the end.
func (c clients) send(t *testing.T, r request) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	sent, err := http.NewRequestWithContext(ctx, r.verb, r.url, bytes.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	sent.Header.Set("Content-Type", r.contentType)
	for i := 0; i < len(r.headers); i += 2 {
		sent.Header.Set(r.headers[i], r.headers[i+1])
	}
	client := c.one
	if strings.HasPrefix(r.protocol, "gRPC,") || strings.HasPrefix(r.protocol, "gRPC ") {
		client = c.two
	}
	res, err := client.Do(sent)
	if ctx.Err() != nil {
		return answer{status: http.StatusGatewayTimeout, code: "no answer"}
	}
	if err != nil {
		// The server may close a connection whose body it does not want to read to its end.
		return answer{status: http.StatusRequestEntityTooLarge, code: "connection closed"}
	}
	defer func() { _ = res.Body.Close() }()
	end := tail{}
	if strings.Contains(r.url, "/Watch") || strings.Contains(r.url, ":watch") {
		first := make([]byte, 8<<10) // a stream lasts as long as what it watches
		n, _ := res.Body.Read(first)
		return answer{res.StatusCode, codeOf(res, string(first[:n]))}
	}
	_, _ = io.Copy(&end, res.Body)
	return answer{res.StatusCode, codeOf(res, string(end.kept))}
}

// codeOf finds the code of an answer whose HTTP status does not show how it ended.
func codeOf(res *http.Response, end string) string {
	if code := res.Header.Get("Grpc-Status") + res.Trailer.Get("Grpc-Status"); code != "" {
		return code
	}
	kind := res.Header.Get("Content-Type")
	switch {
	case strings.HasPrefix(kind, "application/grpc-web"):
		_, code, _ := strings.Cut(strings.ToLower(end), "grpc-status: ")
		code, _, _ = strings.Cut(code, "\r")
		return code
	case strings.HasPrefix(kind, "application/connect+"):
		var last struct{ Error struct{ Code string } }
		_ = json.Unmarshal([]byte(end[max(strings.LastIndex(end, `{"error"`), 0):]), &last)
		return last.Error.Code
	}
	return ""
}

// tail keeps the last bytes that are written to it.
type tail struct{ kept []byte }

func (w *tail) Write(p []byte) (int, error) {
	const size = 8 << 10
	w.kept = append(w.kept, p[max(len(p)-size, 0):]...)
	w.kept = w.kept[max(len(w.kept)-size, 0):]
	return len(p), nil
}

// worst remembers the most that each kind of request took.
type worst map[string]extreme

type extreme struct {
	bytes, cpu         cost
	ofBytes, ofCPU     string
	requests, answered int
}

func (w worst) add(kind, what string, spent cost, got answer) {
	e := w[kind]
	e.requests++
	if got.ok() {
		e.answered++
	}
	if spent.bytes >= e.bytes.bytes {
		e.bytes, e.ofBytes = spent, what
	}
	if spent.cpu >= e.cpu.cpu {
		e.cpu, e.ofCPU = spent, what
	}
	w[kind] = e
}

func (e extreme) String() string {
	return strconv.Itoa(e.requests) + " requests, " + strconv.Itoa(e.answered) + " done; most memory " +
		fmt.Sprintf("%.1f MiB: %s; longest %v: %s", float64(e.bytes.bytes)/(1<<20), e.ofBytes, e.cpu.cpu, e.ofCPU)
}

func enveloped(body []byte, flags byte) []byte {
	n := len(body)
	return append([]byte{flags, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// compressors are used again: making one costs more than most bodies do.
var compressors = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return w
}}

func gzipped(body []byte) []byte {
	var b bytes.Buffer
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(&b)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}
