package sim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/outbox"
	catalogsim "github.com/shopmesh/shopmesh/services/catalog/sim"
	customersim "github.com/shopmesh/shopmesh/services/customer/sim"
	inventorysim "github.com/shopmesh/shopmesh/services/inventory/sim"
	notificationsim "github.com/shopmesh/shopmesh/services/notification/sim"
	ordersim "github.com/shopmesh/shopmesh/services/order/sim"
	paymentsim "github.com/shopmesh/shopmesh/services/payment/sim"
)

// plan is how large one run is.
type plan struct {
	orders, products, customers int
	// length is how long faults last, and window how long an order may wait for its
	// payment.
	length, window time.Duration
	requestAfter   time.Duration
	timeout, retry time.Duration
	mailRetry      time.Duration
	giveUp         time.Duration
}

func drawPlan(r *rand.Rand) plan {
	of := func(choices ...time.Duration) time.Duration { return choices[r.IntN(len(choices))] }
	return plan{
		orders: 1 + r.IntN(4), products: 1 + r.IntN(3), customers: 1 + r.IntN(3),
		length: of(20*time.Minute, time.Hour, 3*time.Hour), window: of(5*time.Minute, 30*time.Minute),
		requestAfter: of(5*time.Second, 30*time.Second, 5*time.Minute),
		timeout:      of(2*time.Second, 20*time.Second), retry: of(time.Second, 30*time.Second),
		mailRetry: of(5*time.Second, time.Minute), giveUp: of(30*time.Minute, 72*time.Hour),
	}
}

// newWorld opens the shop: its goods are listed, its customers registered, and
// people's doings planned.
func newWorld(seed uint64, bugs Bugs, log *Log) *world {
	rng := rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))
	w := &world{
		rng: rng, plan: drawPlan(rng), start: time.Now(), bus: newBus(), log: log, counts: map[string]int{},
		provider: newProvider(rng.IntN(2) == 0), silent: map[string]bool{},
		inbox: inbox{mails: map[string]notificationsim.Mail{}, count: map[notificationsim.Key]int{}},
	}
	w.f, w.publishUncommitted = drawFaults(rng), bugs.PublishUncommitted
	w.stores(bugs)
	w.work()
	w.people()
	w.after(w.plan.length, w.heal)
	return w
}

func (w *world) stores(bugs Bugs) {
	nothing := func() {}
	deaf := func([]consumer.Event) ([]outbox.Event, func(), error) { return nil, nothing, nil }
	node := func(name string, topics []string) *node {
		n := &node{w: w, name: name, topics: topics, group: w.bus.join(topics), handle: deaf}
		if w.f.Skew > 0 {
			n.skew = w.between(0, w.f.Skew)
		}
		w.nodes = append(w.nodes, n)
		return n
	}
	w.orders, w.stocks = node("order", ordersim.Topics), node("inventory", inventorysim.Topics)
	w.payments, w.mails = node("payment", paymentsim.Topics), node("notification", notificationsim.Topics)
	w.products, w.persons = node("catalog", catalogsim.Topics), node("customer", nil)

	w.catalog = catalogsim.New(w.products.now)
	w.customer = customersim.New(w.persons.now)
	w.order = ordersim.New(ordersim.Config{
		Now: w.orders.now, NewID: w.newID, Random: w.rng.Uint64, Lookup: w.catalog.Product,
		PaymentWindow: w.plan.window, RetryAfter: w.plan.requestAfter, MaxUnpaid: 3, Bugs: bugs.Order,
	})
	w.inventory = inventorysim.New(inventorysim.Config{Now: w.stocks.now, Bugs: bugs.Inventory})
	w.payment = paymentsim.New(paymentsim.Config{
		Now: w.payments.now, NewID: w.newID, Lease: w.plan.timeout + 5*time.Second, RetryAfter: w.plan.retry, Bugs: bugs.Payment,
		Random: func() (random [8]byte) {
			binary.BigEndian.PutUint64(random[:], w.rng.Uint64())
			return random
		},
	})
	w.notification = notificationsim.New(notificationsim.Config{
		Now: w.mails.now, NewID: w.newID, Lease: 10 * time.Second, RetryAfter: w.plan.mailRetry, GiveUpAfter: w.plan.giveUp,
		Bugs: bugs.Notification,
	})

	w.orders.handle, w.stocks.handle, w.payments.handle = w.order.Handle, w.inventory.Handle, w.payment.Handle
	w.mails.handle, w.products.handle = w.notification.Handle, w.catalog.Handle
	w.orders.restart = func() ([]outbox.Event, func()) { return nil, nothing }
	w.stocks.restart, w.payments.restart = w.inventory.Restart, w.payment.Restart
	w.mails.restart = func() ([]outbox.Event, func()) { return nil, w.notification.Restart }
	w.products.restart = func() ([]outbox.Event, func()) { return w.catalog.Restart(), nothing }
	w.persons.restart = func() ([]outbox.Event, func()) { return w.customer.Restart(), nothing }
}

// work is what processes do by themselves.
func (w *world) work() {
	add := func(n *node, what string, pause time.Duration, when func() time.Time, run func()) {
		w.actors = append(w.actors, &actor{node: n, what: what, pause: pause, when: when, run: run})
	}
	// A time of the context's clock is another of the world's.
	of := func(n *node, when func() time.Time) func() time.Time {
		return func() time.Time {
			if at := when(); !at.IsZero() {
				return at.Add(-n.skew)
			}
			return time.Time{}
		}
	}
	while := func(waits func() bool) func() time.Time {
		return func() time.Time {
			if waits() {
				return time.Now()
			}
			return time.Time{}
		}
	}
	for _, n := range w.nodes {
		add(n, "relay", 200*time.Millisecond, while(func() bool { return len(n.outbox) > 0 }), n.relay)
		if len(n.topics) > 0 {
			add(n, "consumer", 200*time.Millisecond, n.fetchable, n.poll)
		}
	}
	add(w.orders, "sweeper", time.Second, of(w.orders, w.order.NextDue), w.sweep)
	add(w.stocks, "levels", time.Second, while(w.inventory.LevelsWait), func() {
		published, commit := w.inventory.PublishLevels()
		w.stocks.transact(uuid.Nil, "publishes levels", published, commit)
	})
	var requested time.Time
	add(w.stocks, "asker", 15*time.Second, of(w.stocks, func() time.Time {
		overdue := w.inventory.Overdue()
		if overdue.IsZero() {
			return overdue
		}
		if overdue = overdue.Add(time.Minute); overdue.Before(requested.Add(time.Minute)) {
			overdue = requested.Add(time.Minute)
		}
		return overdue
	}), func() {
		requested = w.stocks.now()
		orders, published, commit := w.inventory.RepublishExpired()
		for range orders {
			w.count("requested a reservation's order again")
		}
		w.stocks.transact(uuid.Nil, "requests the orders of overdue reservations", published, commit)
	})
	add(w.payments, "charge worker", 50*time.Millisecond, while(w.payment.Waits), func() { w.requestAll(w.payment.TakeWaiting()) })
	add(w.payments, "charge worker's poll", 250*time.Millisecond, of(w.payments, w.payment.NextDue), func() {
		due, commit := w.payment.TakeDue()
		if w.payments.transact(uuid.Nil, "takes due requests", nil, commit) {
			w.requestAll(due)
		}
	})
	add(w.payments, "reconciler", time.Minute, w.unread, w.reconcile)
	add(w.mails, "sender", 50*time.Millisecond, while(w.notification.Waits), func() { w.send(w.notification.TakeWaiting()) })
	add(w.mails, "sender's look", time.Second, of(w.mails, w.notification.NextDue), func() {
		due, commit := w.notification.TakeDue()
		if w.mails.transact(uuid.Nil, "takes due mails", nil, commit) {
			w.send(due)
		}
	})
}

func (w *world) sweep() {
	looked, published, commit := w.order.Sweep()
	for _, id := range looked {
		w.note(id, "order", "looks at the order")
	}
	for range published {
		w.count("republished or expired")
	}
	w.orders.transact(uuid.Nil, "sweeps", published, commit)
}

// requestAll sends requests to the provider. A request whose lease leaves no time for it is
// dropped: another process may take it over.
func (w *world) requestAll(requests []paymentsim.Request) {
	for _, r := range requests {
		if w.payments.now().Add(w.plan.timeout).After(r.Lease) {
			w.note(r.OrderID, "payment", "drops a request whose lease ends")
			continue
		}
		w.request(r)
	}
}

// request sends one request: the provider may never receive it, act when no process waits
// for the answer any more, or act and lose its answer.
func (w *world) request(r paymentsim.Request) {
	life := w.payments.life
	if _, met := w.silent[r.Key]; !met {
		w.silent[r.Key] = w.chance(w.f.Silent)
	}
	takes := w.between(10*time.Millisecond, w.plan.timeout/2)
	if w.chance(w.f.LateAnswer) {
		takes = w.between(w.plan.timeout, w.plan.timeout+w.plan.window)
		w.count("the provider acted late")
	}
	reaches := !w.silent[r.Key] && !w.chance(w.f.LoseRequest)
	answers := reaches && takes < w.plan.timeout && !w.chance(w.f.LoseAnswer)
	w.note(r.OrderID, "payment", fmt.Sprintf("requests %s of the provider under %s", r.Amount, r.Key))
	if reaches {
		w.after(takes, func() {
			may := chances{decline: w.chance(w.f.Decline), lapse: w.chance(w.f.Lapse), undecided: w.chance(w.f.Undecided), byCustomer: w.rng.IntN(2) == 0}
			if r.RefundID != uuid.Nil {
				may.decline = w.chance(w.f.DeclineRefund)
			}
			answer, err := w.provider.act(r, may)
			if err != nil {
				w.fail(r.OrderID, "provider: %v", err)
				return
			}
			w.note(r.OrderID, "provider", fmt.Sprintf("acts under %s: %s %s", r.Key, answer.ID, answer.Outcome))
			w.count("the provider's answer is " + answer.Outcome.String())
			if answer.ByCustomer {
				w.count("the customer must act")
			}
			if !answers {
				return
			}
			w.answer(life, r, answer)
			if w.chance(w.f.AnswerTwice) {
				w.count("the provider answered twice")
				w.after(w.between(time.Millisecond, w.plan.window), func() { w.answer(life, r, answer) })
			}
		})
	}
	if !answers {
		w.count("unknown outcome")
		w.after(w.plan.timeout, func() { w.answer(life, r, paymentsim.Answer{}) })
	}
}

// answer has payment record the answer to a request, if the process that sent it still
// lives.
func (w *world) answer(life int, r paymentsim.Request, a paymentsim.Answer) {
	if life != w.payments.life {
		return
	}
	published, commit := w.payment.Record(r, a)
	w.payments.transact(r.OrderID, fmt.Sprintf("records %s for %s", a.Outcome, r.Key), published, commit)
}

// send hands mails to the mail server, which may take one and lose the answer.
func (w *world) send(mails []notificationsim.Mail) {
	for _, m := range mails {
		life := w.mails.life
		refused := w.chance(w.f.MailRefused)
		deferred := !refused && w.chance(w.f.MailDeferred)
		unconfirmed := !refused && !deferred && w.chance(w.f.MailUnsaid)
		w.after(w.between(10*time.Millisecond, 2*time.Second), func() {
			if !refused && !deferred {
				w.inbox.take(m)
			}
			w.note(m.OrderID, "mail server", fmt.Sprintf("gets %s of %s: refused %t, deferred %t, unconfirmed %t", m.MessageID, m.Key.Kind, refused, deferred, unconfirmed))
			if life != w.mails.life {
				return
			}
			published, commit := w.notification.Record(m, !refused && !deferred && !unconfirmed, refused)
			w.mails.transact(m.OrderID, "records an attempt", published, commit)
		})
	}
}

// people fills the shop's shelves and has orders placed and looked after.
func (w *world) people() {
	p := w.plan
	prices := []int64{0, 1, 1999, 250_000}
	for i := range p.products {
		price := money.Money{Currency: "EUR", Amount: prices[w.rng.IntN(len(prices))]}
		published, commit, err := w.catalog.Create(w.newID(), code(i), price)
		w.setUp(w.products, published, commit, err)
		w.restock(i, 1+w.rng.Int64N(20))
		if w.chance(w.f.Restock) {
			w.after(w.between(0, p.length), func() { w.restock(i, w.rng.Int64N(9)-4) })
		}
		for range 3 {
			if !w.chance(w.f.Reprice) {
				continue
			}
			w.after(w.between(0, p.length), func() {
				published, commit, err := w.catalog.SetPrice(i, money.Money{Currency: "EUR", Amount: 1 + w.rng.Int64N(5000)})
				if err != nil {
					w.fail(uuid.Nil, "price: %v", err)
					return
				}
				w.products.transact(uuid.Nil, "changes a price", published, commit)
			})
		}
	}
	var customers []uuid.UUID
	for i := range p.customers {
		id := w.newID()
		customers = append(customers, id)
		published, commit, err := w.customer.Register(id, email(i))
		w.setUp(w.persons, published, commit, err)
		if w.chance(w.f.Erase) {
			w.after(w.between(0, p.length), func() {
				published, commit := w.customer.Erase(i)
				if w.persons.transact(uuid.Nil, "erases customer "+id.String(), published, commit) {
					w.count("erased")
				}
			})
		}
	}
	for range p.orders {
		i := w.rng.IntN(len(customers))
		placement := ordersim.Placement{RequestID: w.newID(), CustomerID: customers[i], Email: email(i)}
		for n := range p.products {
			if len(placement.Lines) == 0 || w.rng.IntN(2) == 0 {
				placement.Lines = append(placement.Lines, ordersim.Line{Code: code(n), Quantity: 1 + w.rng.Int32N(4)})
			}
		}
		w.after(w.between(30*time.Second, p.length*2/3), func() { w.place(placement, 3) })
	}
	losses := 0
	if w.f.DiskLoss > 0 {
		losses = 1 + w.rng.IntN(2)
	}
	for range losses {
		w.after(w.between(time.Minute, p.length), func() {
			w.note(uuid.Nil, "broker", "loses its disk")
			w.count("disk lost")
			w.bus.lose()
			for _, n := range w.nodes {
				n.start(w.between(time.Second, time.Minute))
			}
		})
	}
}

func code(product int) string   { return fmt.Sprintf("P-%d", product) }
func email(customer int) string { return fmt.Sprintf("ada%d@example.com", customer) }

func (w *world) setUp(n *node, published []outbox.Event, commit func(), err error) {
	if err != nil {
		w.fail(uuid.Nil, "%s: %v", n.name, err)
		return
	}
	commit()
	n.write(published)
}

// restock adjusts what is on hand, once inventory knows the product.
func (w *world) restock(product int, delta int64) {
	id := w.catalog.Products()[product].ID
	if delta == 0 {
		return
	}
	published, commit, done := w.inventory.Adjust(id, delta)
	if done {
		w.stocks.transact(uuid.Nil, fmt.Sprintf("adjusts %s by %d", code(product), delta), published, commit)
		return
	}
	if delta > 0 && !w.calm {
		w.after(10*time.Second, func() { w.restock(product, delta) })
	}
}

// place has an order placed; who gets no answer tries again with the same request.
func (w *world) place(p ordersim.Placement, tries int) {
	id, published, commit, err := w.order.Place(p)
	if err != nil {
		w.note(uuid.Nil, "order", "refuses an order: "+err.Error())
		w.count("refused")
		return
	}
	if !w.orders.transact(id, "places the order", published, commit) || w.chance(w.f.Retry) {
		if tries > 0 {
			w.after(w.between(time.Second, 5*time.Minute), func() { w.place(p, tries-1) })
		}
		return
	}
	w.count("placed")
	w.lookAfter(id)
}

// lookAfter is what people do with an order in the course of time.
func (w *world) lookAfter(id uuid.UUID) {
	some := func() time.Duration { return w.between(time.Second, 2*w.plan.window) }
	act := func(what string, do func(uuid.UUID) ([]outbox.Event, func(), error)) func() {
		return func() {
			if published, commit, err := do(id); err == nil && w.orders.transact(id, what, published, commit) {
				w.count(what)
			}
		}
	}
	if w.chance(w.f.Cancel) {
		w.after(some(), act("cancels the order", w.order.Cancel))
	}
	for range 2 {
		if w.chance(w.f.Ship) {
			w.after(some(), act("ships the order", w.order.Ship))
			w.after(2*some(), act("delivers the order", w.order.Deliver))
		}
	}
	for range 3 {
		if w.chance(w.f.Refund) {
			w.after(2*some(), func() {
				published, commit, done := w.payment.Refund(id, 1+w.rng.Int64N(3000))
				if done && w.payments.transact(id, "refunds a part on request", published, commit) {
					w.count("partly refunded")
				}
			})
		}
	}
	for range 2 {
		if w.chance(w.f.RefundByOthers) {
			w.after(2*some(), func() { w.refundByOthers(id, 1+w.rng.Int64N(3000)) })
		}
	}
	for range 3 {
		if w.chance(w.f.Dispute) {
			w.after(2*some(), func() { w.dispute(id) })
		}
	}
	if w.chance(w.f.Resend) {
		w.after(2*some(), func() {
			if w.notification.Len() == 0 {
				return
			}
			about, commit, done := w.notification.Resend(w.rng.IntN(w.notification.Len()))
			if done && w.mails.transact(about, "resends a mail on request", nil, commit) {
				w.count("resent")
			}
		})
	}
}

// handOver ships and delivers what is confirmed, so that every order comes to its end.
func (w *world) handOver() {
	for i := range w.order.Len() {
		v := w.order.Order(i)
		for _, do := range []func(uuid.UUID) ([]outbox.Event, func(), error){w.order.Ship, w.order.Deliver} {
			if published, commit, err := do(v.ID); err == nil {
				w.orders.transact(v.ID, "hands the order over", published, commit)
			}
		}
	}
}
