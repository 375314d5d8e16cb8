package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

const (
	cardKey    = "sk_test_chaos"
	cardSecret = "whsec_chaos"
)

// cardServer is a Stripe that remembers everything, and loses, delays and repeats
// what it reports.
type cardServer struct {
	fake   *stripefake.Fake
	server *http.Server
	link   *link
}

// startCardServer starts it; its events go to the API at the address payment.
func startCardServer(n *network, seed uint64, payment string) (*cardServer, error) {
	c := &cardServer{fake: stripefake.New(stripefake.Config{
		Key: cardKey, Seed: seed, AsyncAfter: 2 * time.Second, VisitAfter: 5 * time.Second,
		Faults: stripefake.Faults{
			Unreached: 0.03, TooMany: 0.03, Unavailable: 0.03, Slow: 0.1, SlowFor: 3 * time.Second, Lost: 0.06, Failed: 0.03,
		},
		Webhooks: stripefake.Webhooks{
			URL: "http://" + payment + "/webhooks/stripe", Secrets: []string{cardSecret},
			Early: 0.2, LateFor: 5 * time.Second, Twice: 0.3,
		},
	})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.server = &http.Server{Handler: c.fake, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = c.server.Serve(listener) }()
	c.link, err = n.link("stripe", func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, listener.Addr().String()) })
	return c, err
}

// env holds its address for payment, and the secrets that the settings name.
func (c *cardServer) env() []string {
	return []string{
		"SHOPMESH_SECRET_STRIPE_KEY=" + cardKey, "SHOPMESH_SECRET_STRIPE_WEBHOOK=" + cardSecret,
		"SHOPMESH_STRIPE_URL=http://" + c.link.address(),
	}
}

// behave ends its faults.
func (c *cardServer) behave() { c.fake.SetFaults(stripefake.Faults{}) }

func (c *cardServer) close() {
	_ = c.server.Close()
	c.fake.Close()
}

// checkCards compares what Stripe took and gave back with what the shop counts. It
// comes after check.
func (d *driver) checkCards(payments []stripefake.Payment) {
	type sum struct{ taken, charges, given int64 }
	sums := map[string]sum{}
	for _, p := range payments {
		s := sums[p.OrderID]
		s.taken, s.charges, s.given = s.taken+p.Received, s.charges+int64(p.Charges), s.given+p.Refunded
		sums[p.OrderID] = s
	}
	for _, o := range d.book.orders {
		if o.id == "" {
			continue // nothing is known to be of it: what is there is nobody's
		}
		s := sums[o.id]
		delete(sums, o.id)
		if s.charges > 1 {
			d.book.findf(o, "CHARGED_TWICE", "Stripe took money %d times, %d cents in all", s.charges, s.taken)
		}
		if s.taken != 0 && !byStripe(o.method) {
			d.book.findf(o, "CHARGED_ELSEWHERE", "Stripe took %d cents, the order was to be paid by %s", s.taken, o.method)
		}
		if byStripe(o.method) && (s.taken != o.captured || s.given != o.refunded) {
			d.book.findf(o, "STRIPE_DIFFERS", "the order has %d captured and %d refunded, Stripe %d and %d", o.captured, o.refunded, s.taken, s.given)
		}
	}
	for id, s := range sums {
		if s.taken != 0 {
			d.book.find(finding{kind: "NOBODYS_CHARGE", subject: id, message: "Stripe took money for an order that nobody placed"})
		}
	}
}
