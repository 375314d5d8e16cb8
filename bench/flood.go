package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
)

const (
	// floodRate is how many sign-ins a second the flood tries.
	floodRate = 500
	// floodUnderWay bounds how many of them wait for their answers at once.
	floodUnderWay = 512
)

// flooded measures what shoppers see of a flood of sign-ins: PlaceOrder's p99 at a quarter
// of the highest rate, without and with it, in turn. Each sign-in tries another e-mail
// address, over a connection of its own from one of 65,000 addresses, so that no limit of an
// address or of an account stops it: what is left is the cost of passwords.
func (b *bench) flooded(ctx context.Context) error {
	var ratios, growths, rates []float64
	for range b.rounds {
		quiet, err := b.loop(ctx, 1000, b.duration, b.best/4)
		if err != nil {
			return err
		}
		// Without the process that hashes, which may be there still from the round before.
		before, _ := resident(b.shop.pid())
		var loaded run
		flood, most, err := b.flood(ctx, func() (err error) {
			loaded, err = b.loop(ctx, 1000, b.duration, b.best/4)
			return err
		})
		if err != nil {
			return err
		}
		alone, beside := percentile(quiet.place, 0.99), percentile(loaded.place, 0.99)
		ratios, growths, rates = append(ratios, beside/alone), append(growths, most-before), append(rates, flood.rate)
		fmt.Printf("PlaceOrder p99 at %.0f orders/s: %.1f ms, beside a flood of sign-ins %.1f ms: ratio %.2f, memory %+.0f MiB (%.0f/s: %s); %d and %d orders' tries were shed\n",
			b.best/4, alone, beside, beside/alone, most-before, flood.rate, flood.answers, quiet.shed, loaded.shed)
	}
	fmt.Printf("median ratio beside %.0f sign-ins a second (of %d that were aimed at): %.2f, memory %+.0f MiB\n\n",
		median(rates), floodRate, median(ratios), median(growths))
	return nil
}

// flooding is what a flood came to: sign-ins a second, and how they were answered, as text.
type flooding struct {
	rate    float64
	answers string
}

// flood has another process try sign-ins while work runs, one of the lowest priority: a flood
// comes from other machines, but its own cost falls on this one. It returns what the flood
// came to, and the most MiB that the shop had meanwhile.
func (b *bench) flood(ctx context.Context, work func() error) (f flooding, most float64, err error) {
	program, err := os.Executable()
	if err != nil {
		return f, 0, err
	}
	flood := exec.CommandContext(ctx, "nice", "-n", "19", program, "-flood", strings.TrimPrefix(b.shop.api, "http://"))
	var out strings.Builder
	flood.Stdout, flood.Stderr = &out, os.Stderr
	if err := flood.Start(); err != nil {
		return f, 0, err
	}
	done := make(chan error, 1)
	go func() { done <- work() }()
	for watching := true; watching; {
		select {
		case err = <-done:
			watching = false
		case <-time.After(200 * time.Millisecond):
			most = max(most, b.shop.memory())
		}
	}
	_ = flood.Process.Signal(syscall.SIGTERM)
	if err = errors.Join(err, flood.Wait()); err != nil {
		return f, 0, err
	}
	rate, answers, _ := strings.Cut(out.String(), " ")
	f.rate, err = strconv.ParseFloat(rate, 64)
	f.answers = strings.TrimSpace(answers)
	return f, most, err
}

// runFlood is the process of the flood: it tries sign-ins until SIGTERM, and prints how many
// there were a second and how they were answered.
func runFlood(host string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var mu sync.Mutex
	counts, sent, begin := map[string]int{}, 0, time.Now()
	var calls sync.WaitGroup
	places := make(chan struct{}, floodUnderWay)
	ticker := time.NewTicker(time.Second / floodRate)
	defer ticker.Stop()
	for ctx.Err() == nil {
		<-ticker.C
		// A ticker drops what a busy machine is late for: make up for it.
		for due := int(time.Since(begin).Seconds() * floodRate); sent < due && ctx.Err() == nil; sent++ {
			places <- struct{}{}
			calls.Go(func() {
				defer func() { <-places }()
				code := tryPassword(ctx, host)
				if ctx.Err() != nil {
					return // cut off by the end of the flood
				}
				mu.Lock()
				defer mu.Unlock()
				counts[code]++
			})
		}
	}
	took := time.Since(begin)
	calls.Wait()
	parts := make([]string, 0, len(counts))
	for code, n := range counts {
		parts = append(parts, fmt.Sprintf("%d %s", n, code))
	}
	slices.Sort(parts)
	fmt.Printf("%.0f %s\n", float64(sent)/took.Seconds(), strings.Join(parts, ", "))
	return 0
}

// tryPassword tries a sign-in that is not known, and returns the code of the answer. It
// writes the request by hand, at little cost to this machine.
func tryPassword(ctx context.Context, host string) string {
	from := &net.TCPAddr{IP: net.IPv4(127, 7, byte(rand.IntN(256)), byte(1+rand.IntN(254)))}
	conn, err := (&net.Dialer{LocalAddr: from}).DialContext(ctx, "tcp", host)
	if err != nil {
		return "not connected"
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	body := fmt.Sprintf(`{"kind":"ACCOUNT_KIND_CUSTOMER","email":"nobody%d@example.com","password":"correct horse battery staple"}`, rand.Int64())
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		identityv1connect.AccountServiceSignInProcedure, host, len(body), body)
	if err != nil {
		return "not sent"
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(conn, 2048), nil)
	if err != nil {
		return "not answered"
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct{ Code string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return res.Status
	}
	return answer.Code
}
