package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"connectrpc.com/connect/v2"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
)

// Report is what an audit found.
type Report struct {
	// Orders is how many orders were compared.
	Orders int64 `json:"orders"`
	// Contexts are those that took part.
	Contexts []string  `json:"contexts"`
	Findings []Finding `json:"findings"`
	// Pending is the work that was still under way when the audit ended.
	Pending []Pending `json:"pending"`
}

// contexts without which an order can't be checked.
var needed = []string{"inventory", "notification", "order", "payment"}

// recheckAfter is the time between two passes: a finding counts when both have it and the
// order did not move in between, because the streams are not read at one instant.
const recheckAfter = time.Second

// Run audits the processes behind the clients: the internal port of one process, or those
// of every service. It waits up to wait until no work is under way; what contradicts then
// is a finding. Errors: a process that does not answer, a context that none of them
// holds.
func Run(ctx context.Context, clients []*connect.Client, wait time.Duration) (Report, error) {
	deadline := time.Now().Add(wait)
	before := map[string]string{}
	for first := true; ; first = false {
		final := wait > 0 && time.Now().After(deadline)
		p, err := newPass(ctx, clients, final)
		if err != nil {
			return Report{}, err
		}
		if err := p.run(ctx); err != nil {
			return Report{}, err
		}
		confirmed, doubtful := p.confirm(before)
		switch {
		case final, len(p.pending) == 0 && !doubtful, wait == 0 && !doubtful, wait == 0 && !first:
			p.report.Findings, p.report.Pending = confirmed, append([]Pending{}, p.pending...)
			return p.report, nil
		}
		before = p.seen
		select {
		case <-ctx.Done():
			return Report{}, ctx.Err()
		case <-time.After(recheckAfter):
		}
	}
}

// pass reads the streams of all contexts once.
type pass struct {
	sources map[string]operationsv1connect.OperationsServiceClient
	final   bool
	report  Report
	found   []Finding
	pending []Pending
	waiting map[Pending]bool // what pending or found holds already, without counts
	// seen holds the findings of this pass, with the version of the order that each is about.
	seen map[string]string
}

func newPass(ctx context.Context, clients []*connect.Client, final bool) (*pass, error) {
	p := &pass{
		sources: map[string]operationsv1connect.OperationsServiceClient{}, final: final,
		seen: map[string]string{}, waiting: map[Pending]bool{},
	}
	for _, c := range clients {
		ops := operationsv1connect.NewOperationsServiceClient(c)
		status, err := ops.GetStatus(ctx, &operationsv1.GetStatusRequest{})
		if err != nil {
			return nil, fmt.Errorf("read the status: %w", err)
		}
		for _, s := range status.GetContexts() {
			p.sources[s.GetContext()] = ops
			p.addStatus(s)
		}
	}
	for name := range p.sources {
		p.report.Contexts = append(p.report.Contexts, name)
	}
	slices.Sort(p.report.Contexts)
	for _, name := range needed {
		if p.sources[name] == nil {
			return nil, fmt.Errorf("no address given holds the context %q: pass --addr for each service's internal port", name)
		}
	}
	return p, nil
}

// addStatus turns a context's status into findings and pending work.
func (p *pass) addStatus(s *operationsv1.ContextStatus) {
	name := s.GetContext()
	if n := s.GetDeadLetters(); n > 0 {
		p.add(Finding{Kind: "DEAD_LETTERS", Subject: name, Context: name, Message: fmt.Sprintf("%d events are set aside: list, redrive or discard them", n)}, "")
	}
	for _, key := range s.GetStoppedKeys() {
		p.add(Finding{Kind: "EVENT_NOT_PRODUCED", Subject: name, Context: name, Message: key}, "")
	}
	if n := s.GetOutboxPending(); n > 0 {
		p.wait(Pending{Kind: "OUTBOX", Context: name, Count: n})
	}
}

func (p *pass) add(f Finding, version string) {
	p.found = append(p.found, f)
	p.seen[f.Kind+"/"+f.Subject+"/"+f.Message] = version
}

// wait notes work under way, once, however many streams report it; when the time to wait
// is over, it is a finding.
func (p *pass) wait(w Pending) {
	kind := w
	kind.Count = 0
	if p.waiting[kind] {
		return
	}
	p.waiting[kind] = true
	if !p.final {
		p.pending = append(p.pending, w)
		return
	}
	if w.Kind != "ORDER" {
		p.add(Finding{Kind: w.Kind + "_STUCK", Subject: w.Context, Context: w.Context, Message: fmt.Sprintf("%d still under way", w.Count)}, "")
	}
}

// confirm returns the findings that the pass before had as well; doubtful reports that
// others are new and need another pass.
func (p *pass) confirm(before map[string]string) (confirmed []Finding, doubtful bool) {
	confirmed = []Finding{}
	for _, f := range p.found {
		key := f.Kind + "/" + f.Subject + "/" + f.Message
		if version, ok := before[key]; p.final || ok && version == p.seen[key] {
			confirmed = append(confirmed, f)
			continue
		}
		doubtful = true
	}
	return confirmed, doubtful
}

// run checks orders, then accounts, then reads what else the contexts state.
func (p *pass) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := p.orders(ctx); err != nil {
		return err
	}
	read := needed
	if p.sources["customer"] != nil && p.sources["identity"] != nil {
		if err := p.accounts(ctx); err != nil {
			return err
		}
		read = slices.Concat(needed, []string{"customer", "identity"})
	}
	return p.others(ctx, read)
}

// merge reads feeds to their ends, and hands each key with its records to each.
func merge(feeds []*feed, each func(key string, records []*operationsv1.AuditRecord)) error {
	for _, f := range feeds {
		if err := f.next(); err != nil {
			return err
		}
	}
	for {
		key := ""
		for _, f := range feeds {
			if f.key != "" && (key == "" || f.key < key) {
				key = f.key
			}
		}
		if key == "" {
			return nil
		}
		var records []*operationsv1.AuditRecord
		for _, f := range feeds {
			for f.key == key {
				records = append(records, f.record)
				if err := f.next(); err != nil {
					return err
				}
			}
		}
		each(key, records)
	}
}

// orders merges the streams by order id and checks each order.
func (p *pass) orders(ctx context.Context) error {
	feeds := []*feed{
		p.open(ctx, "order", func(r *operationsv1.AuditRecord) string { return r.GetOrder().GetOrderId() }),
		p.open(ctx, "inventory", func(r *operationsv1.AuditRecord) string { return r.GetReservation().GetOrderId() }),
		p.open(ctx, "payment", func(r *operationsv1.AuditRecord) string { return r.GetPayment().GetOrderId() }),
		p.open(ctx, "payment", func(r *operationsv1.AuditRecord) string { return r.GetProvider().GetOrderId() }),
		p.open(ctx, "notification", func(r *operationsv1.AuditRecord) string { return r.GetMail().GetOrderId() }),
	}
	feeds[3].quiet = true // the payment feed before it reports the context's own findings
	var underWay int64
	err := merge(feeds, func(id string, all []*operationsv1.AuditRecord) {
		records := Records{OrderID: id}
		for _, record := range all {
			records.take(record)
		}
		if records.Order != nil {
			p.report.Orders++
		}
		findings, pending := Check(records, p.final)
		if pending {
			underWay++
		}
		for _, f := range findings {
			p.add(f, records.version())
		}
	})
	if underWay > 0 {
		p.pending = append(p.pending, Pending{Kind: "ORDER", Context: "order", Count: underWay})
	}
	return err
}

// accounts merges the streams of customer and identity by customer, and checks that each
// account is that of its customer, and that those of erased customers are gone.
func (p *pass) accounts(ctx context.Context) error {
	var underWay int64
	err := merge([]*feed{
		p.open(ctx, "customer", func(r *operationsv1.AuditRecord) string { return r.GetCustomer().GetCustomerId() }),
		p.open(ctx, "identity", func(r *operationsv1.AuditRecord) string { return r.GetAccount().GetCustomerId() }),
	}, func(id string, all []*operationsv1.AuditRecord) {
		records := AccountRecords{CustomerID: id}
		for _, record := range all {
			records.take(record)
		}
		findings, pending := CheckAccount(records, p.final)
		if pending {
			underWay++
		}
		for _, f := range findings {
			p.add(f, "")
		}
	})
	if underWay > 0 {
		p.pending = append(p.pending, Pending{Kind: "ERASURE", Context: "identity", Count: underWay})
	}
	return err
}

// others reads the contexts whose streams were not read yet.
func (p *pass) others(ctx context.Context, read []string) error {
	for _, name := range p.report.Contexts {
		if slices.Contains(read, name) {
			continue
		}
		if err := p.open(ctx, name, func(*operationsv1.AuditRecord) string { return "" }).next(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Records) take(record *operationsv1.AuditRecord) {
	switch rec := record.GetRecord().(type) {
	case *operationsv1.AuditRecord_Order:
		r.Order = rec.Order
	case *operationsv1.AuditRecord_Reservation:
		r.Reservation = rec.Reservation
	case *operationsv1.AuditRecord_Payment:
		r.Payment = rec.Payment
	case *operationsv1.AuditRecord_Provider:
		r.Provider = rec.Provider
	case *operationsv1.AuditRecord_Mail:
		r.Mails = append(r.Mails, rec.Mail)
	}
}

func (r *AccountRecords) take(record *operationsv1.AuditRecord) {
	switch rec := record.GetRecord().(type) {
	case *operationsv1.AuditRecord_Customer:
		r.Customer = rec.Customer
	case *operationsv1.AuditRecord_Account:
		r.Account = rec.Account
	}
}

// feed is one context's stream, reduced to one kind of record sorted by key.
type feed struct {
	pass    *pass
	context string
	keyOf   func(*operationsv1.AuditRecord) string
	quiet   bool
	receive func() (*operationsv1.AuditResponse, error)
	key     string
	record  *operationsv1.AuditRecord
}

func (p *pass) open(ctx context.Context, name string, keyOf func(*operationsv1.AuditRecord) string) *feed {
	f := &feed{pass: p, context: name, keyOf: keyOf}
	f.receive = func() (*operationsv1.AuditResponse, error) {
		stream, err := p.sources[name].Audit(ctx, &operationsv1.AuditRequest{Context: name})
		if err != nil {
			return nil, err
		}
		f.receive = stream.Receive
		return stream.Receive()
	}
	return f
}

// next moves to the next record of the feed's kind; key is empty at the end.
func (f *feed) next() error {
	for {
		res, err := f.receive()
		if errors.Is(err, io.EOF) {
			f.key, f.record = "", nil
			return nil
		}
		if err != nil {
			return fmt.Errorf("audit %s: %w", f.context, err)
		}
		r := res.GetRecord()
		if key := f.keyOf(r); key != "" {
			if key < f.key {
				return fmt.Errorf("audit %s: records are not sorted: %s after %s", f.context, key, f.key)
			}
			f.key, f.record = key, r
			return nil
		}
		f.aside(r)
	}
}

// aside takes what is no record of the feed's kind: the context's own findings and pending work.
func (f *feed) aside(r *operationsv1.AuditRecord) {
	if f.quiet {
		return
	}
	if x := r.GetFinding(); x != nil {
		f.pass.add(Finding{Kind: x.GetKind(), Subject: x.GetSubject(), Context: f.context, Message: x.GetMessage()}, "")
	}
	if x := r.GetPending(); x != nil && x.GetCount() > 0 {
		f.pass.wait(Pending{Kind: x.GetKind(), Context: f.context, Count: x.GetCount()})
	}
}
