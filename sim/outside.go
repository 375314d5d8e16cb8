package sim

import (
	"fmt"

	"github.com/google/uuid"

	notificationsim "github.com/shopmesh/shopmesh/services/notification/sim"
	paymentsim "github.com/shopmesh/shopmesh/services/payment/sim"
)

// provider is the payment provider: a ledger of what it did under each key. Where opens is
// set, a charge takes two steps, as at Stripe: the first creates it under an id, the second
// takes the money, once per id.
type provider struct {
	opens  bool
	made   map[string]*made // by key
	opened map[string]*made // by the provider's id
	all    []*made          // as they came

	disputed map[uuid.UUID]int     // an order's disputes that are open
	lost     map[uuid.UUID]int64   // what banks took back of an order's money
	disputes map[string]disputeEnd // by the provider's id
}

// disputeEnd is how a dispute stands.
type disputeEnd int

const (
	disputeOpen disputeEnd = iota
	disputeWon
	disputeLost
)

// made is what the provider did, or has before it.
type made struct {
	request paymentsim.Request
	id      string
	outcome paymentsim.Outcome // Opened until it is decided
	code    string
	// byOthers is a refund that the shop did not request.
	byOthers bool
}

func newProvider(opens bool) provider {
	return provider{
		opens: opens, made: map[string]*made{}, opened: map[string]*made{},
		disputed: map[uuid.UUID]int{}, lost: map[uuid.UUID]int64{}, disputes: map[string]disputeEnd{},
	}
}

// chances are what the provider may do with a request.
type chances struct{ decline, lapse, undecided, byCustomer bool }

// act does what is requested, once per key, and the second step of a charge once per id.
func (p *provider) act(r paymentsim.Request, c chances) (paymentsim.Answer, error) {
	if r.LookUp != "" {
		return p.lookUp(r.LookUp)
	}
	two := p.opens && r.RefundID == uuid.Nil
	if two && r.ChargeID != "" {
		m, known := p.opened[r.ChargeID]
		if !known {
			return paymentsim.Answer{}, fmt.Errorf("the charge %s was never opened", r.ChargeID)
		}
		if m.request.Amount != r.Amount || m.request.PaymentID != r.PaymentID {
			return paymentsim.Answer{}, fmt.Errorf("the charge %s was opened for %s of payment %s", r.ChargeID, m.request.Amount, m.request.PaymentID)
		}
		switch {
		case m.outcome != paymentsim.Opened:
		case r.Cancelled:
			m.outcome, m.code = paymentsim.Declined, "order_cancelled"
		case c.undecided:
			return paymentsim.Answer{Outcome: paymentsim.Pending, ID: m.id, Code: "pending", ByCustomer: c.byCustomer}, nil
		default:
			m.decide(c.decline)
		}
		return m.answer(), nil
	}
	if before, again := p.made[r.Key]; again && (!two || !c.lapse) {
		if before.request.Amount != r.Amount || before.request.PaymentID != r.PaymentID {
			return paymentsim.Answer{}, fmt.Errorf("the key %s came before with other parameters", r.Key)
		}
		return before.answer(), nil
	}
	m := &made{request: r, id: fmt.Sprintf("id-%d", len(p.all)), outcome: paymentsim.Opened}
	p.made[r.Key] = m
	p.all = append(p.all, m)
	switch {
	case two:
		p.opened[m.id] = m
	case r.RefundID != uuid.Nil && p.refusal(r.OrderID, r.Amount.Amount) != "":
		m.outcome, m.code = paymentsim.Declined, p.refusal(r.OrderID, r.Amount.Amount)
	default:
		m.decide(c.decline)
	}
	return m.answer(), nil
}

func (m *made) decide(decline bool) {
	m.outcome = paymentsim.Done
	if decline {
		m.outcome, m.code = paymentsim.Declined, "card_declined"
	}
}

func (m *made) answer() paymentsim.Answer {
	if m.outcome == paymentsim.Opened {
		return paymentsim.Answer{Outcome: paymentsim.Opened, ID: m.id}
	}
	return paymentsim.Answer{Outcome: m.outcome, ID: m.id, Code: m.code}
}

// balance is what the provider took of an order, in how many charges, and gave back.
func (p *provider) balance(order uuid.UUID) (charges int, taken, given int64) {
	for _, m := range p.all {
		switch {
		case m.request.OrderID != order || m.outcome != paymentsim.Done:
		case m.request.RefundID == uuid.Nil:
			charges++
			taken += m.request.Amount.Amount
		default:
			given += m.request.Amount.Amount
		}
	}
	return charges, taken, given
}

// inbox is the mail server: it keeps one mail per Message-ID.
type inbox struct {
	mails map[string]notificationsim.Mail
	count map[notificationsim.Key]int
	keys  []notificationsim.Key // as they came
}

func (i *inbox) take(m notificationsim.Mail) {
	if _, again := i.mails[m.MessageID]; !again {
		i.mails[m.MessageID] = m
		if i.count[m.Key] == 0 {
			i.keys = append(i.keys, m.Key)
		}
		i.count[m.Key]++
	}
}
