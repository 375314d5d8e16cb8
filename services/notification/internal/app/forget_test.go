package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	kitsettings "github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/notification/internal/app"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// A mail about an account that is no customer's is blank a week after its end: nobody may
// ever be known whose erasure would name it.
func TestMailsAboutNobodysAccountAreForgotten(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	s := h.sender(app.SenderConfig{})
	about := func(customer, account uuid.UUID, status int, age string) uuid.UUID {
		r := request(t)
		r.Kind, r.SubjectID, r.OrderID, r.CustomerID, r.AccountID = domain.VerifyEmail, uuid.New(), uuid.Nil, customer, account
		h.apply(s, []domain.Request{r})
		if _, err := h.pool.Exec(t.Context(), `update notifications set status = $2::smallint, due_time = null, send_time = now(), end_time = now() - $3::interval,
			cause = case when $2::smallint = 3 then 'refused' else '' end where subject_id = $1`, r.SubjectID, status, age); err != nil {
			t.Fatal(err)
		}
		return r.SubjectID
	}
	gone := []uuid.UUID{about(uuid.Nil, uuid.New(), 2, "170 hours"), about(uuid.Nil, uuid.Nil, 3, "170 hours")}
	kept := []uuid.UUID{about(uuid.Nil, uuid.New(), 2, "166 hours"), about(uuid.New(), uuid.New(), 2, "170 hours")}
	bodies := &app.Bodies{Pool: h.pool, Retention: func() time.Duration { return 90 * 24 * time.Hour }, Now: now}
	if n, err := bodies.Forget(t.Context()); err != nil || n != 2 {
		t.Errorf("forgot %d mails, %v", n, err)
	}
	blank := "recipient = '' and recipient_key = '' and subject = '' and content = '' and subject_id = "
	for _, subject := range append(gone, kept...) {
		if is := h.count(blank+"'"+subject.String()+"'") == 1; is != slices.Contains(gone, subject) {
			t.Errorf("mail %d: blank: %v", slices.Index(append(gone, kept...), subject), is)
		}
	}
}

// The texts of mails that were delivered long ago go, many at a time and around what
// somebody else holds; younger ones, failed ones and those to be sent keep theirs.
// No mail is sent again for its text being gone, and an erasure blanks the rest of it.
func TestOldTextsAreForgotten(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	s := h.sender(app.SenderConfig{})
	customer := uuid.New()
	requests := requestsOf(t, customer, 1)
	h.apply(s, requests)
	for _, of := range []struct{ status, age string }{{"2", "2 hours"}, {"2", "59 minutes"}, {"3", "3 hours"}} {
		status, age := of.status, of.age
		if _, err := h.pool.Exec(t.Context(), `
			insert into notifications
			select (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid(), 'subject_id', gen_random_uuid(), 'due_time', null,
				'status', `+status+`, 'cause', case when `+status+` = 3 then 'refused' else '' end, 'end_time', now() - interval '`+age+`', 'send_time', now()))).*
			from notifications n, generate_series(1, case when '`+age+`' = '2 hours' then 1200 else 7 end) i
			where n.status = 1`); err != nil {
			t.Fatal(err)
		}
	}
	bodies := &app.Bodies{Pool: h.pool, Retention: func() time.Duration { return time.Hour }, Now: now}
	held, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var one uuid.UUID
	if err := held.QueryRow(t.Context(), `select id from notifications where status = 2 order by end_time limit 1 for update`).Scan(&one); err != nil {
		t.Fatal(err)
	}
	if n, err := bodies.Forget(t.Context()); err != nil || n != 1199 {
		t.Errorf("forgot %d texts around the held one, %v", n, err)
	}
	if err := held.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := bodies.Forget(t.Context()); err != nil || n != 1 {
		t.Errorf("forgot %d texts, want the one that was held, %v", n, err)
	}
	for where, want := range map[string]int{
		"content = ''": 1200, "content = '' and recipient <> ''": 1200, "content <> '' and status = 2": 7, "content <> '' and status = 3": 7, "content <> '' and status = 1": 1,
	} {
		if n := h.count(where); n != want {
			t.Errorf("%d mails have %s, want %d", n, where, want)
		}
	}
	mails := &app.Notifications{Deps: app.Deps{Pool: h.pool, Sender: s, Shop: kitsettings.Fixed(shop()), Now: now}}
	if m, text, err := mails.Get(t.Context(), one); err != nil || text.Text != "" || text.HTML != "" || m.Recipient == "" {
		t.Errorf("it reads %+v as %q, %v", m, text.Text, err)
	}
	if _, err := mails.Resend(t.Context(), uuid.Nil, nil, one, ""); err == nil || !strings.Contains(err.Error(), "kept no longer") {
		t.Errorf("resent: %v", err)
	}
	h.apply(s, requests)
	if n := h.count("true"); n != 1215 {
		t.Errorf("%d mails after the event came again, want 1215", n)
	}
	h.apply(s, nil, customer)
	if n := h.count("recipient <> '' or subject <> '' or content <> ''"); n != 0 {
		t.Errorf("%d mails hold personal data after the erasure", n)
	}
}
