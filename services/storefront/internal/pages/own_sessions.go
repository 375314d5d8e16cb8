package pages

import (
	"net/http"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// sessionsPath is where the sessions of an account are.
const sessionsPath = accountPath + "/sessions"

const reasonSessionNotFound fault.Reason = "SESSION_NOT_FOUND"

// ownSessions is the page of where an account is signed in.
func (s *Server) ownSessions(v *visit) error {
	sessions, err := s.Accounts.Sessions(v.asAccount())
	if err != nil {
		return err
	}
	d := view.SessionsPage{}
	for _, session := range sessions {
		shown := view.ActiveSession{ActiveSession: session}
		shown.Began, shown.BeganMachine = v.timeOf(session.GetCreateTime())
		shown.Used, shown.UsedMachine = v.timeOf(session.GetRefreshTime())
		if !session.GetCurrent() {
			shown.End = sessionsPath + "/" + session.GetId() + "/end"
		}
		d.Sessions = append(d.Sessions, shown)
	}
	if v.request.URL.Query().Has(endedField) {
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("sessions.ended")}
	}
	p := v.page(v.texts.Say("sessions.title"))
	p.Path, p.Hidden = sessionsPath, true
	return v.show(http.StatusOK, noStore, view.Sessions(p, d))
}

const endedField = "ended"

// timeOf writes a time for people and for programs.
func (v *visit) timeOf(at *timestamppb.Timestamp) (people, machine string) {
	return v.time(at.AsTime()), at.AsTime().UTC().Format(time.RFC3339)
}

// endSession ends one of the account's sessions. One that is over is no error.
func (s *Server) endSession(v *visit) error {
	err := s.Accounts.EndSession(v.asAccount(), v.arg(0))
	if err != nil && reasonOf(err) != reasonSessionNotFound {
		return err
	}
	return v.see(sessionsPath, endedField, "1")
}
