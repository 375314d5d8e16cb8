package e2e

import "testing"

// The whole shop is killed between the mail server's 250 and the commit that records it.
// After the next start the mail is handed over again under its Message-ID, which the
// inbox knows: the customer has one mail. Once notification has recorded it, nothing is handed
// over, however often the shop dies.
func TestAKillAfterThe250MakesNoSecondMail(t *testing.T) {
	t.Parallel()
	s := up(t)
	mug := s.sell(euros(5, 0), 10)
	s.hold("notification", "lock table delivery_attempts in exclusive mode")
	req := request("sandbox_ok", of(mug.GetCode(), 1))
	email := req.GetContact().GetEmail()
	order := s.reached(s.place(req).GetId(), confirmed)
	// The inbox has it, and the outcome is about to be written.
	mail := s.oneMail(email)
	s.waitFor("notification", `select exists (select from pg_locks where not granted and relation = 'delivery_attempts'::regclass)`)
	s.kill()

	s.start()
	s.waitFor("notification", `select status = 2 and attempt_count = 1 from notifications where order_id = '`+order.GetId()+`'`)
	if again := s.oneMail(email); again.Headers["Message-Id"][0] != mail.Headers["Message-Id"][0] {
		t.Errorf("the mail was %v, and is %v", mail.Headers["Message-Id"], again.Headers["Message-Id"])
	}
	s.kill()
	s.start()
	marker := request("sandbox_ok", of(mug.GetCode(), 1))
	s.reached(s.place(marker).GetId(), confirmed)
	s.oneMail(marker.GetContact().GetEmail())
	s.oneMail(email)
	s.mustAudit()
}
