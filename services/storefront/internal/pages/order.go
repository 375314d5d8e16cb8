package pages

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// outcomePatience is how long the page of an order waits for its outcome, so that those
// without JavaScript mostly see it at once.
const outcomePatience = 1500 * time.Millisecond

const (
	reasonOrderNotFound fault.Reason = "ORDER_NOT_FOUND"
	reasonOrderState    fault.Reason = "ORDER_STATE"
)

// errOrderClosed is an order that the visitor's browser does not open, whether it is there or
// not.
var errOrderClosed = errors.New("the session opens no such order")

func orderPath(number string) string { return view.OrderPath(number) }

// order is the page of an order that the visitor's browser opens.
func (s *Server) order(v *visit) error {
	known, order, err := s.openOrder(v)
	if err != nil {
		return err
	}
	if waits(order) {
		if err := s.Orders.Wait(v.as(known.Token), known.ID, versionOf(order), outcomePatience, settles); err != nil {
			return err
		}
		if order, err = s.Orders.Order(v.as(known.Token), known.ID); err != nil {
			return orderProblem(err)
		}
	}
	d := v.orderPage(order)
	switch {
	case v.opened.Account == nil:
		d.SignIn = signInPath + "?" + url.Values{nextField: {orderPath(order.GetNumber())}}.Encode()
	case v.isGuests(known):
		d.Claim = orderPath(order.GetNumber()) + "/claim"
	case v.request.URL.Query().Has(keptField):
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("order.claimed")}
	}
	if v.request.URL.Query().Get(problemField) == "state" {
		d.Notice = view.NoticeData{Kind: "bad", Text: v.texts.Say("order.not_cancelled")}
	}
	p := v.page(v.texts.Fill("order.title", "Number", order.GetNumber()))
	p.Path, p.Hidden = orderPath(order.GetNumber()), true
	return v.show(http.StatusOK, noStore, view.Order(p, d))
}

// openOrder reads the order of the address. One that was just placed from the cart is opened
// also where the answer to that was lost.
func (s *Server) openOrder(v *visit) (session.Order, *orderv1.Order, error) {
	number := v.arg(0)
	opened, err := v.session()
	if err != nil {
		return session.Order{}, nil, err
	}
	if known, ok := opened.Order(number); ok {
		order, err := s.Orders.Order(v.as(known.Token), known.ID)
		if err = orderProblem(err); opened.Account == nil || !errors.Is(err, errOrderClosed) {
			return known, order, err
		}
	}
	if opened.Account != nil {
		return s.ownOrder(v, number)
	}
	last, order, err := s.lastOrder(v)
	if err == nil && last.Number != number {
		err = errOrderClosed
	}
	if err != nil {
		return last, nil, err
	}
	return last, order, v.remember(func(c *session.Content) { c.Open(last) })
}

// lastOrder reads the order that was placed last from a guest's cart, which opens it.
func (s *Server) lastOrder(v *visit) (session.Order, *orderv1.Order, error) {
	cart, err := v.cart()
	if err != nil {
		return session.Order{}, nil, err
	}
	if cart.GetLastOrderToken() == "" {
		return session.Order{}, nil, errOrderClosed
	}
	last := session.Order{ID: cart.GetLastOrderId(), Token: cart.GetLastOrderToken()}
	order, err := s.Orders.Order(v.as(last.Token), last.ID)
	last.Number = order.GetNumber()
	return last, order, orderProblem(err)
}

// ownOrder reads an order of the account that the visitor signed in to.
func (s *Server) ownOrder(v *visit, number string) (session.Order, *orderv1.Order, error) {
	own := session.Order{Number: number, Token: v.opened.Account.Access}
	id, err := s.Orders.Find(v.asAccount(), number)
	if err == nil && id == "" || reasonOf(err) == fault.ReasonFilterInvalid {
		return own, nil, errOrderClosed
	}
	if err != nil {
		return own, nil, err
	}
	own.ID = id
	order, err := s.Orders.Order(v.asAccount(), id)
	if reasonOf(err) == reasonOrderNotFound {
		return own, nil, errOrderClosed
	}
	return own, order, err
}

// orderProblem tells that a token opens no order any more: it was claimed, or erased.
func orderProblem(err error) error {
	if reasonOf(err) == reasonOrderNotFound || reasonOf(err) == fault.ReasonUnauthenticated {
		return errOrderClosed
	}
	return err
}

// waits reports whether the outcome of an order is to come in a moment.
func waits(order *orderv1.Order) bool {
	entries := order.GetHistory()
	return len(entries) > 0 && !settles(entries[len(entries)-1])
}

// settles reports whether an entry of an order's history is what its customer waits for: it is
// paid or not, or they have to do something, or the bank takes its time.
func settles(entry *orderv1.OrderHistoryEntry) bool {
	switch entry.GetState() {
	case orderv1.OrderState_ORDER_STATE_PLACED:
		return false
	case orderv1.OrderState_ORDER_STATE_AWAITING_PAYMENT:
		return entry.GetStep() == orderv1.OrderStep_ORDER_STEP_PAYMENT_ACTION_REQUIRED || entry.GetStep() == orderv1.OrderStep_ORDER_STEP_PAYMENT_PROCESSING
	default:
		return true
	}
}

func versionOf(order *orderv1.Order) int64 {
	entries := order.GetHistory()
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].GetVersion()
}

// orderPage is what the page of an order shows.
func (v *visit) orderPage(order *orderv1.Order) view.OrderPage {
	imprint, in := v.imprint(v.texts.Language())
	d := view.OrderPage{
		Imprint: imprint, ImprintIn: in, Method: v.methodName(order.GetPaymentMethod()),
		Order: order, Country: countryName(v.texts.Language(), order.GetShippingAddress().GetRegionCode()), Steps: v.steps(order), State: v.stateText(order),
		Waits: waits(order), PayURL: payURL(order), TrackingURL: v.own.trackingURL(order.GetShipment()), Events: eventsPath(order),
	}
	switch order.GetState() {
	case orderv1.OrderState_ORDER_STATE_PLACED, orderv1.OrderState_ORDER_STATE_AWAITING_PAYMENT:
		d.Cancel = v.texts.Say("order.cancel_unpaid")
	case orderv1.OrderState_ORDER_STATE_CONFIRMED:
		d.Cancel = v.texts.Fill("order.cancel_paid", "Amount", v.amount(order.GetBalance()))
	default:
	}
	if refunded := order.GetRefunded(); refunded.GetUnits() > 0 || refunded.GetNanos() > 0 {
		d.Refunded = v.texts.Fill("order.refunded", "Amount", v.amount(refunded))
	}
	return d
}

// payURL is where the order is paid; empty where nothing has to be done, and for what needs a
// script of the provider's.
func payURL(order *orderv1.Order) string { return order.GetNextAction().GetRedirectUrl() }

// stateText tells where an order is.
func (v *visit) stateText(order *orderv1.Order) string {
	switch order.GetState() {
	case orderv1.OrderState_ORDER_STATE_PLACED:
		return v.texts.Say("order.placed")
	case orderv1.OrderState_ORDER_STATE_AWAITING_PAYMENT:
		if payURL(order) != "" {
			return v.texts.Say("order.to_pay")
		}
		return v.texts.Say("order.awaiting")
	case orderv1.OrderState_ORDER_STATE_CONFIRMED:
		return v.texts.Say("order.confirmed")
	case orderv1.OrderState_ORDER_STATE_SHIPPED:
		return v.texts.Say("order.shipped")
	case orderv1.OrderState_ORDER_STATE_DELIVERED:
		return v.texts.Say("order.delivered")
	default:
		return v.cancelText(order)
	}
}

func (v *visit) cancelText(order *orderv1.Order) string {
	switch order.GetCancelReason() {
	case orderv1.CancelReason_CANCEL_REASON_OUT_OF_STOCK:
		return v.texts.Say("order.cancelled_stock")
	case orderv1.CancelReason_CANCEL_REASON_PAYMENT_FAILED:
		return v.texts.Say("order.cancelled_payment")
	case orderv1.CancelReason_CANCEL_REASON_EXPIRED:
		return v.texts.Say("order.cancelled_expired")
	default:
		return v.texts.Say("order.cancelled")
	}
}

// steps are an order's way: what was done, with its time, and what is to come.
func (v *visit) steps(order *orderv1.Order) []view.Step {
	times := make(map[orderv1.OrderState]time.Time)
	for _, entry := range order.GetHistory() {
		if _, known := times[entry.GetState()]; !known {
			times[entry.GetState()] = entry.GetCreateTime().AsTime()
		}
	}
	way := []struct {
		state orderv1.OrderState
		text  string
	}{
		{orderv1.OrderState_ORDER_STATE_PLACED, v.texts.Say("step.placed")},
		{orderv1.OrderState_ORDER_STATE_CONFIRMED, v.texts.Say("step.paid")},
		{orderv1.OrderState_ORDER_STATE_SHIPPED, v.texts.Say("step.shipped")},
		{orderv1.OrderState_ORDER_STATE_DELIVERED, v.texts.Say("step.delivered")},
		{orderv1.OrderState_ORDER_STATE_CANCELLED, v.texts.Say("step.cancelled")},
	}
	cancelled := order.GetState() == orderv1.OrderState_ORDER_STATE_CANCELLED
	var steps []view.Step
	for _, at := range way {
		when, done := times[at.state]
		if at.state == orderv1.OrderState_ORDER_STATE_CANCELLED && !cancelled || cancelled && !done {
			continue
		}
		step := view.Step{Text: at.text, Done: done}
		if done {
			step.Machine, step.Time = when.UTC().Format(time.RFC3339), v.time(when)
		}
		steps = append(steps, step)
	}
	return steps
}
