package domain

// Awaits is what an order waits for from other contexts: a bit for each step that
// was requested and is not acknowledged yet. The bits are stored.
type Awaits int

// The steps.
const (
	// AwaitsStock waits for the lines to be reserved or rejected.
	AwaitsStock Awaits = 1 << iota
	// AwaitsPayment waits for the charge's outcome.
	AwaitsPayment
	// AwaitsCommit waits for the stock to leave the shelf.
	AwaitsCommit
	// AwaitsConfirmationMail waits for the confirmation to be sent.
	AwaitsConfirmationMail
	// AwaitsRelease waits for the stock to be released or restocked.
	AwaitsRelease
	// AwaitsRefund waits for what was captured on a cancelled order to be given back.
	AwaitsRefund
	// AwaitsCancellationMail waits for the cancellation to be sent.
	AwaitsCancellationMail
	// AwaitsShippingMail waits for the shipping mail to be sent.
	AwaitsShippingMail
	// AwaitsRefundMail waits for the mail of at least one refund to be sent.
	AwaitsRefundMail
	// AwaitsUpdateMail waits for the mail of at least one correction to be sent.
	AwaitsUpdateMail
	// AwaitsLinkMail waits for a mail with the link of a guest's order to be sent.
	AwaitsLinkMail

	awaitsMail = AwaitsConfirmationMail | AwaitsCancellationMail | AwaitsShippingMail | AwaitsRefundMail | AwaitsUpdateMail | AwaitsLinkMail
)

var awaitsNames = [...]string{
	"STOCK", "PAYMENT", "COMMIT", "CONFIRMATION_MAIL", "RELEASE", "REFUND",
	"CANCELLATION_MAIL", "SHIPPING_MAIL", "REFUND_MAIL", "UPDATE_MAIL", "LINK_MAIL",
}

// Has reports whether one of the given steps is waited for.
func (a Awaits) Has(step Awaits) bool { return a&step != 0 }

// Names returns the names of the steps waited for, such as "CONFIRMATION_MAIL".
func (a Awaits) Names() []string {
	var names []string
	for i, name := range awaitsNames {
		if a.Has(1 << i) {
			names = append(names, name)
		}
	}
	return names
}
