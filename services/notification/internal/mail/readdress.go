package mail

import "github.com/shopmesh/shopmesh/services/notification/internal/domain"

// Readdress returns a mail's content with the delivery address of the newest correction of
// its order; unchanged where the mail is as new. The content takes the correction's version
// too, so that an older correction does not replace the address when the mail is resent
// again. Corrections without a text, or without an address, are left out.
func Readdress(mail domain.Stored, corrections []domain.Stored) ([]byte, error) {
	event, err := eventOf(mail.Kind, mail.Content)
	if err != nil {
		return nil, err
	}
	notice, changed := event.GetNotice(), false
	for _, correction := range corrections {
		if !correction.Readable {
			continue
		}
		updated, err := eventOf(correction.Kind, correction.Content)
		if err != nil {
			return nil, err
		}
		newer := updated.GetNotice()
		if newer.GetVersion() > notice.GetVersion() && newer.GetShippingAddress() != nil {
			notice.ShippingAddress, notice.Version, changed = newer.GetShippingAddress(), newer.GetVersion(), true
		}
	}
	if !changed {
		return mail.Content, nil
	}
	return Encode(event)
}
