package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
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
	var until string
	var within time.Duration
	err := parse("request", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.StringVar(&method, "method", http.MethodGet, "the method")
		f.StringVar(&body, "body", "", "the body")
		f.Var(&header, "header", "a header, as \"Name: value\"; again for more")
		f.IntVar(&n, "n", 1, "how many times, one after the other")
		f.StringVar(&until, "until", "", "make it again and again until the body holds this text")
		f.DurationVar(&within, "within", time.Minute, "how long that may take")
	})
	if err != nil {
		return nil, err
	}
	client, err := to.client(false)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if until != "" {
		defer time.AfterFunc(within, cancel).Stop()
	}
	answers := make([]Answer, n)
	for i := range answers {
		answers[i] = requestOnce(ctx, client, method, to.url, body, header)
		for !strings.Contains(answers[i].Body, until) {
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return nil, fmt.Errorf("after %v the answer is still %+v", within, answers[i])
			}
			answers[i] = requestOnce(ctx, client, method, to.url, body, header)
		}
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

// Mail is one of the inbox's.
type Mail struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	// Received is when the inbox took it.
	Received time.Time `json:"received"`
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
