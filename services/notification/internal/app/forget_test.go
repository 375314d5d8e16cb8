package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	kitsettings "github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/notification/internal/app"
)

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
	mails := &app.Notifications{Deps: app.Deps{Pool: h.pool, Sender: s, Settings: kitsettings.Fixed(settings()), Now: now}}
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
