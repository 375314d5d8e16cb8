package identity

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// What an owner set holds, and the defaults elsewhere; what is out of bounds is refused.
func TestSettingsHoldWhatAnOwnerSet(t *testing.T) {
	t.Parallel()
	load := func(text string) (domain.Settings, error) {
		file := filepath.Join(t.TempDir(), "settings.json")
		if err := os.WriteFile(file, []byte(`{"identity": `+text+`}`), 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := settings.Load(file, Name, settings.Defaults[*identityv1.Settings]())
		if err != nil {
			return domain.Settings{}, err
		}
		return protoconv.Settings(set), nil
	}
	want := protoconv.Settings(settings.Defaults[*identityv1.Settings]())
	if got, err := load(`{}`); err != nil || got != want {
		t.Errorf("the defaults: %+v, %v", got, err)
	}
	want.RequireStaffTotp, want.StepUpAge, want.AccessTokenLife = true, time.Minute, 2*time.Minute
	want.CustomerSession = domain.SessionLife{Idle: time.Hour, Whole: 2 * time.Hour}
	want.StaffSession = domain.SessionLife{Idle: 5 * time.Minute, Whole: 10 * time.Minute}
	want.VerifyEmailLinkLife, want.ResetPasswordLinkLife = 5*time.Minute, 6*time.Minute
	want.InvitationLinkLife, want.ConfirmEmailLinkLife, want.MaxAPIKeyLife = 7*time.Hour, 8*time.Minute, 24*time.Hour
	want.MailsPerAddress = 100
	got, err := load(`{"requireStaffTotp": true, "stepUpAge": "60s", "accessTokenLife": "120s", "customerSessionIdle": "3600s", "customerSessionLife": "7200s",
		"staffSessionIdle": "300s", "staffSessionLife": "600s", "verifyEmailLinkLife": "300s", "resetPasswordLinkLife": "360s",
		"invitationLinkLife": "25200s", "confirmEmailLinkLife": "480s", "maxApiKeyLife": "86400s", "mailsPerAddress": 100}`)
	if err != nil || got != want {
		t.Errorf("what is set: %+v, %v; want %+v", got, err, want)
	}
	for _, text := range []string{
		`{"accessTokenLife": "301s"}`, `{"accessTokenLife": "59s"}`, `{"stepUpAge": "3601s"}`, `{"stepUpAge": "0s"}`,
		`{"customerSessionIdle": "15552001s"}`, `{"customerSessionLife": "0s"}`, `{"staffSessionIdle": "604801s"}`, `{"staffSessionLife": "2592001s"}`,
		`{"verifyEmailLinkLife": "1s"}`, `{"resetPasswordLinkLife": "86401s"}`, `{"invitationLinkLife": "60s"}`, `{"confirmEmailLinkLife": "604801s"}`,
		`{"maxApiKeyLife": "31536001s"}`, `{"mailsPerAddress": 0}`, `{"mailsPerAddress": 101}`,
	} {
		if got, err := load(text); err == nil {
			t.Errorf("%s: accepted as %+v", text, got)
		}
	}
}
