package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Answer is what an HTTP request got.
type Answer struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Body   string            `json:"body"`
	Error  string            `json:"error,omitempty"`
}

// headers gathers repeated flags, each "Name: value".
type headers []string

func (h *headers) String() string { return strings.Join(*h, ", ") }

// Set implements flag.Value.
func (h *headers) Set(text string) error {
	if !strings.Contains(text, ":") {
		return fmt.Errorf("%q is no header", text)
	}
	*h = append(*h, text)
	return nil
}

// addTo sets them on a request; Host is its own field there.
func (h headers) addTo(req *http.Request) {
	for _, line := range h {
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if strings.EqualFold(name, "Host") {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
}

// request makes one HTTP request, many times if asked, and returns each answer.
func request(ctx context.Context, args []string) (any, error) {
	var to target
	var method, body string
	var header headers
	var n int
	err := parse("request", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.StringVar(&method, "method", http.MethodGet, "the method")
		f.StringVar(&body, "body", "", "the body")
		f.Var(&header, "header", "a header, as \"Name: value\"; again for more")
		f.IntVar(&n, "n", 1, "how many times, one after the other")
	})
	if err != nil {
		return nil, err
	}
	client, err := to.client(false)
	if err != nil {
		return nil, err
	}
	answers := make([]Answer, n)
	for i := range answers {
		answers[i] = requestOnce(ctx, client, method, to.url, body, header)
	}
	return answers, nil
}

func requestOnce(ctx context.Context, client *http.Client, method, url, body string, header headers) Answer {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return Answer{Error: err.Error()}
	}
	header.addTo(req)
	res, err := client.Do(req)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	answer := Answer{Status: res.StatusCode, Header: map[string]string{}, Body: string(text)}
	if err != nil {
		answer.Error = err.Error()
	}
	for _, of := range []http.Header{res.Header, res.Trailer} {
		for name := range of {
			answer.Header[strings.ToLower(name)] = of.Get(name)
		}
	}
	return answer
}

// Connection is what a client without a certificate of the mesh got at a port.
type Connection struct {
	Address string `json:"address"`
	// Way is "http1", "h2c" or "tls".
	Way string `json:"way"`
	// Refused reports that no byte of an application came back.
	Refused bool   `json:"refused"`
	Got     string `json:"got"`
}

// tryConnections tries each address in the clear and by TLS without a certificate.
func tryConnections(ctx context.Context, args []string) (any, error) {
	var addresses string
	if err := parse("connect", args, func(f *flag.FlagSet) {
		f.StringVar(&addresses, "addresses", "", "host:port, separated by commas")
	}); err != nil {
		return nil, err
	}
	var tried []Connection
	for address := range strings.SplitSeq(addresses, ",") {
		for _, way := range []string{"http1", "h2c", "tls"} {
			tried = append(tried, tryConnection(ctx, address, way))
		}
	}
	return tried, nil
}

// preface begins a connection of HTTP/2, with an empty SETTINGS frame.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"

func tryConnection(ctx context.Context, address, way string) Connection {
	tried := Connection{Address: address, Way: way, Refused: true}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		tried.Got = err.Error()
		return tried
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	sent := "GET / HTTP/1.1\r\nHost: " + address + "\r\n\r\n"
	switch way {
	case "h2c":
		sent = preface
	case "tls":
		// Whom the server is does not matter here: whether it lets us in does.
		secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1", "istio"}}) //nolint:gosec // see above
		if err := secure.HandshakeContext(ctx); err != nil {
			tried.Got = err.Error()
			return tried
		}
		conn = secure // TLS 1.3 refuses a client without a certificate at its first read
	}
	if _, err := io.WriteString(conn, sent); err != nil {
		tried.Got = err.Error()
		return tried
	}
	first, err := bufio.NewReader(conn).Peek(1)
	if err != nil {
		tried.Got = err.Error()
		return tried
	}
	tried.Refused, tried.Got = false, fmt.Sprintf("an answer that begins with %q", first)
	return tried
}

// Mail is one of the inbox's.
type Mail struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
}

// readMails reads the inbox.
func readMails(ctx context.Context, args []string) (any, error) {
	var to target
	if err := parse("mails", args, to.flags); err != nil {
		return nil, err
	}
	client, err := to.client(false)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the inbox answered %d", res.StatusCode)
	}
	var mails []Mail
	return mails, json.NewDecoder(res.Body).Decode(&mails)
}
