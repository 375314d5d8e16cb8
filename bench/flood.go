package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
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
	var ratios, growths []float64
	for range b.rounds {
		quiet, err := b.loop(ctx, 1000, b.duration, b.best/4)
		if err != nil {
			return err
		}
		before, _ := resident(b.shop.pid())
		var loaded run
		answers, most, err := b.flood(ctx, func() (err error) {
			loaded, err = b.loop(ctx, 1000, b.duration, b.best/4)
			return err
		})
		if err != nil {
			return err
		}
		alone, beside := percentile(quiet.place, 0.99), percentile(loaded.place, 0.99)
		ratios, growths = append(ratios, beside/alone), append(growths, most-before)
		fmt.Printf("PlaceOrder p99 at %.0f orders/s: %.1f ms, beside a flood of sign-ins %.1f ms: ratio %.2f, memory %+.0f MiB (%s); %d and %d orders' tries were shed\n",
			b.best/4, alone, beside, beside/alone, most-before, answers, quiet.shed, loaded.shed)
	}
	fmt.Printf("median ratio beside %d sign-ins a second: %.2f, memory %+.0f MiB\n\n", floodRate, median(ratios), median(growths))
	return nil
}

// flood tries sign-ins while work runs. It returns how many there were a second and how they
// were answered, as text, and the most MiB that the shop's process had meanwhile.
func (b *bench) flood(ctx context.Context, work func() error) (answers string, most float64, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	counts, sent, begin := map[string]int{}, 0, time.Now()
	var looked time.Time
	var flooding sync.WaitGroup
	flooding.Go(func() {
		var calls sync.WaitGroup
		defer calls.Wait()
		places := make(chan struct{}, floodUnderWay)
		ticker := time.NewTicker(time.Second / floodRate)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			// A ticker drops what a busy machine is late for: make up for it.
			for due := int(time.Since(begin).Seconds() * floodRate); sent < due; sent++ {
				select {
				case places <- struct{}{}:
				case <-ctx.Done():
					return
				}
				calls.Go(func() {
					defer func() { <-places }()
					code := b.tryPassword(ctx)
					mu.Lock()
					defer mu.Unlock()
					counts[code]++
				})
			}
			if now := time.Now(); now.Sub(looked) > 100*time.Millisecond {
				held, _ := resident(b.shop.pid())
				most, looked = max(most, held), now
			}
		}
	})
	err = work()
	took := time.Since(begin)
	stop()
	flooding.Wait()
	parts := make([]string, 0, len(counts))
	for code, n := range counts {
		parts = append(parts, fmt.Sprintf("%d %s", n, code))
	}
	slices.Sort(parts)
	return fmt.Sprintf("%.0f/s: %s", float64(sent)/took.Seconds(), strings.Join(parts, ", ")), most, err
}

// tryPassword tries a sign-in that is not known, and returns the code of the answer. It
// writes the request by hand: the flood comes from other machines, but its own cost falls on
// this one.
func (b *bench) tryPassword(ctx context.Context) string {
	from := &net.TCPAddr{IP: net.IPv4(127, 7, byte(rand.IntN(256)), byte(1+rand.IntN(254)))}
	host := strings.TrimPrefix(b.shop.api, "http://")
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
