package main

// mixKinds are what must have been acknowledged in a round: what was never done shows nothing.
func mixKinds() []string {
	return []string{
		"PlaceOrder", "CancelOrder", "RefundPayment", "ShipOrder", "MarkOrderDelivered", "AdjustStock", "UpdateProduct",
		"SignUp", "VerifyEmail", "SignIn", "GetSelf", "RefreshSession", "RefreshSession at once", "RefreshSession repeated", "SignOut",
		"RequestPasswordReset", "ResetPassword", "RequestEmailChange", "ConfirmEmailChange",
		"InviteStaff", "AcceptInvite", "DisableAccount",
		"ClaimOrder", "SetCartItem", "GetCart", "MergeCart", "UpdateSettings", "RollbackSettings",
	}
}

// mixDenials are what must have been refused.
func mixDenials() []string {
	return []string{
		"VerifyEmail with a used link", "RefreshSession with a used token", "RefreshSession after SignOut", "RefreshSession of an ended session",
		"SignIn with the password before", "SignIn with the address before", "SignIn to a disabled account",
		"calls with the access token of an ended session",
		"GetOrder with the token of another order", "GetOrder with the token of a claimed order", "ListOrders with the token of an order",
		"GetCart of a merged cart", "SetCartItem with a stale etag", "PlaceOrder of a cart that another request ordered",
		"UpdateSettings with a stale etag", "UpdateSettings out of bounds",
	}
}

// judgeMix finds what was never acknowledged, or refused, in the round.
func (d *driver) judgeMix(c *counts, configDies bool) {
	never := func(what string) {
		d.book.find(finding{kind: "NEVER_TRIED", subject: "shop", message: what + " came about not once in the round"})
	}
	d.tally.mu.Lock()
	defer d.tally.mu.Unlock()
	for _, kind := range mixKinds() {
		if d.tally.outcomes[kind+" acknowledged"] == 0 {
			never(kind)
		}
	}
	for _, what := range mixDenials() {
		if d.tally.denied[what] == 0 {
			never("the refusal of " + what)
		}
	}
	if len(d.book.guests()) == 0 {
		never("an order of a guest")
	}
	for _, s := range d.book.settings {
		if s.version() == s.begun {
			never("a change of the settings of " + s.context)
		}
	}
	// On a slow machine a short round ends before config's turn to die.
	if configDies && c.outages == 0 && c.all() >= killsBetweenCalms {
		never("an order that was confirmed while config was dead")
	}
}
