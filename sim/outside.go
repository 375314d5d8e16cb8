package sim

import (
	"fmt"

	"github.com/google/uuid"

	notificationsim "github.com/shopmesh/shopmesh/services/notification/sim"
	paymentsim "github.com/shopmesh/shopmesh/services/payment/sim"
)

// provider is who takes the money: a ledger of what it did under each key.
type provider struct {
	answers map[string]made
	keys    []string // as they came
}

// made is what the provider did under a key.
type made struct {
	request paymentsim.Request
	done    bool // it moved the money; else it declined
	id      string
}

// act does what is asked, once per key.
func (p *provider) act(r paymentsim.Request, decline bool) (made, error) {
	if before, again := p.answers[r.Key]; again {
		if before.request.Amount != r.Amount || before.request.ChargeID != r.ChargeID || before.request.OrderID != r.OrderID {
			return before, fmt.Errorf("the key %s came before with other parameters", r.Key)
		}
		return before, nil
	}
	m := made{request: r, done: !decline, id: fmt.Sprintf("id-%d", len(p.keys))}
	p.answers[r.Key] = m
	p.keys = append(p.keys, r.Key)
	return m, nil
}

// balance is what the provider took of an order, in how many charges, and gave back.
func (p *provider) balance(order uuid.UUID) (charges int, taken, given int64) {
	for _, key := range p.keys {
		m := p.answers[key]
		switch {
		case m.request.OrderID != order || !m.done:
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
