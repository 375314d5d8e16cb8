package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Probed is what one call got, over one protocol.
type Probed struct {
	Protocol string `json:"protocol"`
	HTTP     int    `json:"http"`
	// Code is that of the protocol: Connect's or REST's in the body, gRPC's in grpc-status.
	Code       string `json:"code"`
	Message    string `json:"message"`
	RetryAfter string `json:"retryAfter"`
	// Reason is that of the error's details, where the body has them.
	Reason string `json:"reason,omitempty"`
	Error  string `json:"error,omitempty"`
	// Start is when the call was made, Millis how long it took.
	Start  time.Time `json:"start"`
	Millis int64     `json:"millis"`
}

// probe calls an RPC with an empty request over all four protocols, so many times each, in
// turns. Each caller has connections of its own, so that several callers reach each replica of
// the ingress; the proxies' logs name the protocol as the User-Agent. Nothing is repeated.
func probe(ctx context.Context, args []string) (any, error) {
	var to target
	var procedure, rest, protocols string
	var header headers
	var n, callers int
	var rate float64
	if err := parse("probe", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.StringVar(&procedure, "procedure", "", "the RPC's path")
		f.StringVar(&rest, "rest", "", "method and path in REST, such as \"GET /v1/products\"")
		f.StringVar(&protocols, "protocols", "connect,grpc,grpc-web,rest", "over which")
		f.Var(&header, "header", "a header, as \"Name: value\"; again for more")
		f.IntVar(&n, "n", 1, "how many times")
		f.IntVar(&callers, "callers", 1, "how many call at once")
		f.Float64Var(&rate, "rate", 0, "calls a second, at most; 0 is as many as the callers make")
	}); err != nil {
		return nil, err
	}
	by := strings.Split(protocols, ",")
	all := make([]Probed, n*len(by))
	next := make(chan int)
	var calling sync.WaitGroup
	for range callers {
		http1, err := to.client(false)
		if err != nil {
			return nil, err
		}
		http2, err := to.client(true)
		if err != nil {
			return nil, err
		}
		one := prober{http1, http2, to.url, procedure, rest, header}
		calling.Go(func() {
			for i := range next {
				all[i] = one.call(ctx, by[i%len(by)])
			}
		})
	}
	began := time.Now()
	for i := range all {
		if rate > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(float64(i) / rate * float64(time.Second)))))
		}
		next <- i
	}
	close(next)
	calling.Wait()
	return all, nil
}

// prober is one caller.
type prober struct {
	http1, http2         *http.Client
	url, procedure, rest string
	header               headers
}

// call makes one call over a protocol.
func (p prober) call(ctx context.Context, protocol string) Probed {
	header := append(headers{"User-Agent: driver " + protocol}, p.header...)
	method, path, _ := strings.Cut(p.rest, " ")
	began := time.Now()
	var got Probed
	switch protocol {
	case "connect":
		got = probeOnce(ctx, p.http1, http.MethodPost, p.url+p.procedure, "application/json", []byte("{}"), header)
	case "grpc":
		got = probeOnce(ctx, p.http2, http.MethodPost, p.url+p.procedure, "application/grpc+proto", make([]byte, 5), header)
	case "grpc-web":
		got = probeOnce(ctx, p.http1, http.MethodPost, p.url+p.procedure, "application/grpc-web+proto", make([]byte, 5), header)
	case "rest":
		body := []byte("{}")
		if method == http.MethodGet {
			body = nil
		}
		got = probeOnce(ctx, p.http1, method, p.url+path, "application/json", body, header)
	}
	got.Protocol, got.Start, got.Millis = protocol, began, time.Since(began).Milliseconds()
	return got
}

func probeOnce(ctx context.Context, client *http.Client, method, url, contentType string, body []byte, header headers) Probed {
	var got Probed
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return Probed{Error: err.Error()}
	}
	req.Header.Set("Content-Type", contentType)
	if strings.Contains(contentType, "grpc") {
		req.Header.Set("Te", "trailers")
	}
	header.addTo(req)
	res, err := client.Do(req)
	if err != nil {
		return Probed{Error: err.Error()}
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return Probed{HTTP: res.StatusCode, Error: err.Error()}
	}
	got.HTTP, got.RetryAfter = res.StatusCode, res.Header.Get("Retry-After")
	if strings.HasPrefix(contentType, "application/json") {
		readJSONError(&got, text)
		return got
	}
	got.Code, got.Message = res.Header.Get("Grpc-Status"), res.Header.Get("Grpc-Message")
	if got.Code == "" {
		got.Code, got.Message = res.Trailer.Get("Grpc-Status"), res.Trailer.Get("Grpc-Message")
	}
	if got.Code == "" {
		readWebTrailers(&got, text)
	}
	return got
}

// readJSONError reads an error of Connect ("code" is a word) or of REST (a number).
func readJSONError(got *Probed, text []byte) {
	var read struct {
		Code    any              `json:"code"`
		Message string           `json:"message"`
		Details []map[string]any `json:"details"`
	}
	if json.Unmarshal(text, &read) != nil {
		got.Message = string(text)
		return
	}
	got.Message = read.Message
	switch code := read.Code.(type) {
	case string:
		got.Code = code
	case float64:
		got.Code = strings.TrimSuffix(jsonNumber(code), ".0")
	}
	for _, detail := range read.Details {
		for _, value := range []any{detail["reason"], at(detail["debug"], "reason")} {
			if reason, ok := value.(string); ok {
				got.Reason = reason
			}
		}
	}
}

func jsonNumber(n float64) string {
	text, err := json.Marshal(n)
	if err != nil {
		return ""
	}
	return string(text)
}

func at(of any, name string) any {
	fields, _ := of.(map[string]any)
	return fields[name]
}

// readWebTrailers reads the trailers of gRPC-Web, which end the body in a frame of their own.
func readWebTrailers(got *Probed, text []byte) {
	for len(text) >= 5 {
		length := int(binary.BigEndian.Uint32(text[1:5]))
		if len(text) < 5+length {
			return
		}
		if text[0]&0x80 != 0 {
			for line := range strings.Lines(string(text[5 : 5+length])) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
				switch strings.ToLower(name) {
				case "grpc-status":
					got.Code = strings.TrimSpace(value)
				case "grpc-message":
					got.Message = strings.TrimSpace(value)
				}
			}
		}
		text = text[5+length:]
	}
}
