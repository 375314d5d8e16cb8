package main

import (
	"context"
	"flag"
	"net/http"
	"strings"
	"sync"
)

// Called is what a call of an RPC got.
type Called struct {
	Procedure string `json:"procedure"`
	Status    int    `json:"status"`
	// Proxy reports that a proxy answered for the service: its rules refuse the call, or no
	// route leads there.
	Proxy bool   `json:"proxy"`
	Body  string `json:"body,omitempty"`
	Error string `json:"error,omitempty"`
}

// callAll calls RPCs with an empty request, by Connect's protocol.
func callAll(ctx context.Context, args []string) (any, error) {
	var to target
	var host, procedures string
	if err := parse("calls", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.StringVar(&host, "host", "", "the Host of the requests, where it is not the URL's")
		f.StringVar(&procedures, "procedures", "", "paths of RPCs, separated by commas")
	}); err != nil {
		return nil, err
	}
	client, err := to.client(false)
	if err != nil {
		return nil, err
	}
	names := strings.Split(procedures, ",")
	called := make([]Called, len(names))
	var all sync.WaitGroup
	free := make(chan struct{}, 4)
	for i, name := range names {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			header := headers{"Content-Type: application/json"}
			if host != "" {
				header = append(header, "Host: "+host)
			}
			answer := requestOnce(ctx, client, http.MethodPost, to.url+name, "{}", header)
			// Our services answer in JSON, proxies in plain text.
			called[i] = Called{Procedure: name, Status: answer.Status, Proxy: !strings.Contains(answer.Header["content-type"], "json"), Error: answer.Error}
			if called[i].Proxy {
				called[i].Body = answer.Body
			}
		})
	}
	all.Wait()
	return called, nil
}
