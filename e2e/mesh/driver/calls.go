package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Called is what a call of an RPC got.
type Called struct {
	URL    string `json:"url"`
	Status int    `json:"status"`
	// Proxy reports that a proxy answered for the service: its rules refuse the call, or no
	// route leads there.
	Proxy bool   `json:"proxy"`
	Body  string `json:"body,omitempty"`
	Error string `json:"error,omitempty"`
}

// callAll calls RPCs with an empty request, by Connect's protocol, four at a time. A call that got
// nowhere, which tells nothing of the rules, is made three times: on a node that is full, names
// and connections take too long.
func callAll(ctx context.Context, args []string) (any, error) {
	var urls string
	var direct bool
	if err := parse("calls", args, func(f *flag.FlagSet) {
		f.StringVar(&urls, "urls", "", "the RPCs' URLs, separated by commas")
		f.BoolVar(&direct, "direct", false, "name the host past the routes: NAME-direct.NAMESPACE.svc.cluster.local")
	}); err != nil {
		return nil, err
	}
	client, err := new(target).client(false)
	if err != nil {
		return nil, err
	}
	all := strings.Split(urls, ",")
	called := make([]Called, len(all))
	var calls sync.WaitGroup
	free := make(chan struct{}, 4)
	for i, to := range all {
		parsed, err := url.Parse(to)
		if err != nil {
			return nil, err
		}
		header := headers{"Content-Type: application/json"}
		if name, namespace, _ := strings.Cut(parsed.Hostname(), "."); direct {
			header = append(header, fmt.Sprintf("Host: %s-direct.%s.svc.cluster.local", name, namespace))
		}
		calls.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			for range 3 {
				if called[i] = callOnce(ctx, client, to, header); called[i].Error == "" && called[i].Status != http.StatusServiceUnavailable {
					return
				}
			}
		})
	}
	calls.Wait()
	return called, nil
}

func callOnce(ctx context.Context, client *http.Client, to string, header headers) Called {
	answer := requestOnce(ctx, client, http.MethodPost, to, "{}", header)
	// Our services answer in JSON, proxies in plain text.
	got := Called{URL: to, Status: answer.Status, Proxy: !strings.Contains(answer.Header["content-type"], "json"), Error: answer.Error}
	if got.Proxy {
		got.Body = answer.Body
	}
	return got
}
