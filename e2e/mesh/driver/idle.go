package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Idled is what became of connections that were used, left alone, and used again.
type Idled struct {
	Connections int `json:"connections"`
	// Reused are those that were still open, and Answers counts what the second calls got: a
	// status, or why there is none.
	Reused  int            `json:"reused"`
	Answers map[string]int `json:"answers"`
}

// idle opens connections, each of which calls a procedure, is silent for a time, and calls it
// again. Each procedure has a time of its own, evenly from the first to the last, so that the
// connections behind the gateway that lead to its service have been silent for just as long.
func idle(ctx context.Context, args []string) (any, error) {
	var to target
	var procedures string
	var from, until time.Duration
	var each int
	if err := parse("idle", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.StringVar(&procedures, "procedures", "", "paths of RPCs, separated by commas")
		f.DurationVar(&from, "from", 118*time.Second, "the shortest silence")
		f.DurationVar(&until, "until", 122*time.Second, "the longest silence")
		f.IntVar(&each, "each", 8, "how many connections call each procedure; half of them speak HTTP/2")
	}); err != nil {
		return nil, err
	}
	names := strings.Split(procedures, ",")
	idled := Idled{Connections: each * len(names), Answers: map[string]int{}}
	var reused atomic.Int64
	var mu sync.Mutex
	var all sync.WaitGroup
	begin := time.Now().Add(5 * time.Second) // all of them are open by then
	for i, name := range names {
		silence := from + (until-from)*time.Duration(i)/time.Duration(max(len(names)-1, 1))
		for n := range each {
			client, err := to.client(n%2 == 0)
			if err != nil {
				return nil, err
			}
			all.Go(func() {
				answer, kept := callTwice(ctx, client, to.url+name, begin, silence)
				if kept {
					reused.Add(1)
				}
				mu.Lock()
				defer mu.Unlock()
				idled.Answers[answer]++
			})
		}
	}
	all.Wait()
	idled.Reused = int(reused.Load())
	return idled, nil
}

// callTwice opens a connection, calls at a time, and again after a silence. It returns what the
// last call got, and whether it went over the first one's connection.
func callTwice(ctx context.Context, client *http.Client, url string, begin time.Time, silence time.Duration) (answer string, kept bool) {
	header := headers{"Content-Type: application/json"}
	for n, at := range []time.Time{begin.Add(-4 * time.Second), begin, begin.Add(silence)} {
		select {
		case <-time.After(time.Until(at)):
		case <-ctx.Done():
			return ctx.Err().Error(), false
		}
		traced, was := tracedConnection(ctx)
		got := requestOnce(traced, client, http.MethodPost, url, "{}", header)
		answer, kept = fmt.Sprint(got.Status), *was
		if got.Error != "" {
			answer = fmt.Sprintf("%.120s", got.Error)
		}
		if n < 2 && (got.Error != "" || got.Status >= http.StatusInternalServerError) {
			return "at first: " + answer, kept
		}
	}
	return answer, kept
}
