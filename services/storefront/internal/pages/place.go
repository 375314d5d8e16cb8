package pages

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
)

// The reasons of order that are about placing one.
const (
	reasonPriceChanged         fault.Reason = "PRICE_CHANGED"
	reasonTooManyUnpaidOrders  fault.Reason = "TOO_MANY_UNPAID_ORDERS"
	reasonPaymentMethodUnknown fault.Reason = "PAYMENT_METHOD_UNKNOWN"
	reasonPaymentMethodUnfit   fault.Reason = "PAYMENT_METHOD_UNFIT"
	reasonOrdersBacklogged     fault.Reason = "ORDERS_BACKLOGGED"
)

// place orders the cart. What was typed is kept before anything can fail. All tabs, clicks and
// repetitions send the cart's checkout_id as their request, so that they make one order
// (docs/decisions/0052).
func (s *Server) place(v *visit) error {
	if _, err := v.session(); err != nil {
		return err
	}
	typed := v.typed()
	if v.isShownToAnother() {
		return v.hold(typed)
	}
	if v.shopper() == "" {
		return v.see(cartPath) // so nothing is kept for those who have nothing to order
	}
	if err := v.remember(func(c *session.Content) { c.Keep(checkoutPath, typed) }); err != nil {
		return err
	}
	typed.Values = maps.Clone(typed.Values) // what is kept stays as it was typed
	if v.opened.Account != nil && v.field(accountField) == "" {
		return v.see(checkoutPath) // who orders has signed in since, and has another cart
	}
	cart, err := v.cart()
	if err != nil {
		return err
	}
	if cart.GetLastOrderId() != "" && cart.GetCheckoutId() != v.field(checkoutField) {
		return s.seeLastOrder(v, cart) // this form's order was placed
	}
	offer, err := s.propose(v, cart)
	if err != nil {
		return err
	}
	if offer == nil {
		return s.afterCheckout(v)
	}
	if !offer.isAsSeen(typed) {
		return v.see(checkoutPath) // which tells what changed
	}
	req := form.Place(typed.Values)
	if typed.Values[savedField] != "" {
		saved, err := v.savedAddress(typed.Values[savedField])
		if err != nil {
			return err
		}
		if saved == nil {
			typed.Values[savedField] = ""
			return v.refuseCheckout(typed, map[string]string{savedField: "checkout.address_gone"})
		}
		req.ShippingAddress = saved.GetPostalAddress()
		// Where it is refused, it stands in the fields, with what is wrong.
		maps.Copy(typed.Values, form.Spell(saved.GetPostalAddress()))
	}
	if form.NeedsState(typed.Values[form.Country]) && typed.Values[form.State] == "" {
		// Order is not asked, so what it would refuse is told here.
		problems := fieldProblems(form.Violations(typed.Values), typed.Values)
		problems[form.State] = "form.required"
		return v.refuseCheckout(typed, problems)
	}
	if err := v.cutCart(offer); err != nil {
		return v.placeProblem(s, typed, err)
	}
	req.RequestId, req.ExpectedTotal, req.LanguageCode = offer.cart.GetCheckoutId(), offer.quote.GetTotal(), v.texts.Language()
	order, token, err := s.Orders.Place(v.as(v.shopper()), req)
	if err != nil {
		return v.placeProblem(s, typed, err)
	}
	if v.opened.Account != nil && typed.Values[savedField] == "" && typed.Values[keepAddressField] != "" {
		v.keepAddress(req)
	}
	return v.seePlaced(session.Order{ID: order.GetId(), Number: order.GetNumber(), Token: token})
}

// keepAddress keeps the address of an order in the account, once for an order. The order is
// placed, so that it could not be kept is in the log alone.
func (v *visit) keepAddress(placed *orderv1.PlaceOrderRequest) {
	request := uuid.NewSHA1(uuid.MustParse(placed.GetRequestId()), []byte("address"))
	err := v.server.Customers.AddAddress(v.asAccount(), v.opened.Account.Customer, &customerv1.Address{PostalAddress: placed.GetShippingAddress()}, request.String())
	if err != nil {
		v.server.Log.WarnContext(v.request.Context(), "the address of an order could not be kept", "cause", err.Error())
	}
}

// typed is what the checkout's form holds.
func (v *visit) typed() session.Form {
	typed := session.Form{Values: make(map[string]string), Seen: v.request.PostForm[seenField]}
	names := append(form.CheckoutFields(), totalField)
	if v.field(accountField) != "" {
		names = append(names, savedField, keepAddressField)
	}
	for _, name := range names {
		if value := v.field(name); value != "" {
			typed.Values[name] = value
		}
	}
	return typed
}

// isAsSeen reports whether a form showed what is offered now.
func (o *proposal) isAsSeen(typed session.Form) bool {
	same := func(a, b seenLine) bool {
		return a.code == b.code && a.quantity == b.quantity && amountOf(a.price) == amountOf(b.price)
	}
	return typed.Values[totalField] == amountOf(o.quote.GetTotal()) &&
		slices.EqualFunc(readSeen(typed.Seen), readSeen(seen(o.quote.GetLines())), same)
}

// cutCart takes out of the cart what there is not enough of, as the visitor has seen it.
func (v *visit) cutCart(offer *proposal) error {
	etag := offer.cart.GetEtag()
	for _, line := range offer.cart.GetLines() {
		quantity := int32(0)
		for _, offered := range offer.quote.GetLines() {
			if offered.GetProductCode() == line.GetProductCode() {
				quantity = offered.GetQuantity()
			}
		}
		if quantity == line.GetQuantity() {
			continue
		}
		changed, _, err := v.server.Carts.Set(v.as(v.shopper()), line.GetProductCode(), quantity, etag)
		if err != nil {
			return err
		}
		etag = changed.GetEtag()
	}
	return nil
}

// placeProblem shows in the checkout why the order was not placed: at the fields that the
// answer names, where it does.
func (v *visit) placeProblem(s *Server, typed session.Form, err error) error {
	switch reasonOf(err) {
	case fault.ReasonRequestIDReused:
		cart, err := v.cart()
		if err != nil {
			return err
		}
		return s.seeLastOrder(v, cart)
	case fault.ReasonInvalidField:
		refused, _ := refusal(err)
		return v.refuseCheckout(typed, fieldProblems(refused.Violations(), typed.Values))
	case reasonPaymentMethodUnknown, reasonPaymentMethodUnfit:
		return v.refuseCheckout(typed, map[string]string{form.Payment: "checkout.bad_payment"})
	case reasonTooManyUnpaidOrders:
		return v.refuseCheckout(typed, map[string]string{"": "checkout.too_many_unpaid"})
	case reasonOrdersBacklogged:
		return v.refuseCheckout(typed, map[string]string{"": "checkout.busy"})
	case reasonPriceChanged, reasonProductNotFound, reasonProductArchived, reasonCurrencyMixed, reasonTotalTooLarge, reasonCartNotFound, fault.ReasonEtagMismatch:
		return v.see(checkoutPath) // which tells what changed
	default:
		return err
	}
}

// fieldProblems are the texts for violations, by the fields of the form.
func fieldProblems(violations []fault.Violation, typed map[string]string) map[string]string {
	problems := make(map[string]string)
	for _, violation := range violations {
		field, problem := fieldProblem(violation.Field, typed)
		problems[field] = problem
	}
	return problems
}

// fieldProblem returns the field of the form that a violation is about, and the text for it.
func fieldProblem(violated string, typed map[string]string) (field, problem string) {
	violated = typedField(violated)
	switch {
	case !slices.Contains(form.CheckoutFields(), violated):
		return "", "checkout.refused"
	case typed[violated] == "":
		return violated, "form.required"
	case violated == form.Email:
		return violated, "form.bad_email"
	case utf8.RuneCountInString(typed[violated]) > form.CheckoutRules(violated).MaxLength && form.CheckoutRules(violated).MaxLength > 0:
		return violated, "form.too_long"
	case violated == form.Phone:
		return violated, "form.bad_phone"
	default:
		return violated, "form.bad_text"
	}
}

// typedField is the field of a form that a violation is about: an address has the same fields
// wherever it is typed.
func typedField(violated string) string {
	violated = strings.Replace(violated, "address.postal_address.", "shipping_address.", 1)
	if violated == "shipping_address.address_lines" {
		return form.Street
	}
	return violated
}

// refuseCheckout shows the checkout again with what is wrong.
func (v *visit) refuseCheckout(typed session.Form, problems map[string]string) error {
	typed.Problems = problems
	for _, name := range form.AddressFields() {
		if problems[name] != "" {
			typed.Values[savedField] = "" // so that the field is shown
		}
	}
	if err := v.remember(func(c *session.Content) { c.Keep(checkoutPath, typed) }); err != nil {
		return err
	}
	return v.see(checkoutPath)
}

// seePlaced leads to an order that was placed. What was typed is not kept any longer.
func (v *visit) seePlaced(order session.Order) error {
	err := v.remember(func(c *session.Content) {
		if order.Token != "" {
			c.Open(order)
		}
		c.Things, c.Shown = 0, nil
		delete(c.Forms, checkoutPath)
	})
	if err != nil {
		return err
	}
	return v.see(orderPath(order.Number))
}

// seeLastOrder leads to the order that was placed last from a cart, also where the answer to
// that was lost.
func (s *Server) seeLastOrder(v *visit, cart *orderv1.Cart) error {
	for _, known := range v.opened.Orders {
		if known.ID == cart.GetLastOrderId() {
			return v.seePlaced(known)
		}
	}
	token := cart.GetLastOrderToken()
	if v.opened.Account != nil {
		token = v.opened.Account.Access
	}
	if token == "" {
		return v.see(cartPath) // it is no guest's any more
	}
	order, err := s.Orders.Order(v.as(token), cart.GetLastOrderId())
	if err != nil {
		return err
	}
	return v.seePlaced(session.Order{ID: order.GetId(), Number: order.GetNumber(), Token: cart.GetLastOrderToken()})
}
