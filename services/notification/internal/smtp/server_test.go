package smtp

import (
	"strings"
	"testing"
)

func TestTheURLGivesAddressAndOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url  string
		want Server
	}{
		"plain":               {"smtp://mail", Server{Host: "mail", Port: "25", STARTTLS: Opportunistic}},
		"with a port":         {"smtp://mail:2525", Server{Host: "mail", Port: "2525", STARTTLS: Opportunistic}},
		"submission":          {"smtp://u:p@mail", Server{Host: "mail", Port: "587", STARTTLS: Required, User: "u", Password: "p"}},
		"an encoded password": {"smtp://u:p%40ss%2Fword@mail:587", Server{Host: "mail", Port: "587", STARTTLS: Required, User: "u", Password: "p@ss/word"}},
		"TLS from the start":  {"smtps://u:p@mail", Server{Host: "mail", Port: "465", TLS: true, STARTTLS: Required, User: "u", Password: "p"}},
		"never, in the clear": {"smtp://mail?starttls=never", Server{Host: "mail", Port: "25", STARTTLS: Never}},
		"a password on the loopback": {
			"smtp://u:p@127.0.0.1:1025", Server{Host: "127.0.0.1", Port: "1025", STARTTLS: Opportunistic, User: "u", Password: "p"},
		},
		"IPv6": {"smtp://[::1]:1025", Server{Host: "::1", Port: "1025", STARTTLS: Opportunistic}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseURL(c.url)
			if err != nil || got != c.want {
				t.Fatalf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestAWrongURLIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "mail:25", "http://u:secret@mail", "smtp://", "smtp://u:secret@mail:99999", "smtp://u@mail", "smtp://:secret@mail",
		"smtp://u:secret@mail?starttls=maybe", "smtps://u:secret@mail?starttls=required", "smtp://u:secret@mail?insecure=1",
		"smtp://u:secret@mail?starttls=never", "smtp://u:secret@mail?starttls=opportunistic", "smtp://u:secret@mail/path",
		"smtp://u:secret@mail?ca=/no/such/file", "smtp://u:secret@mail:%zz",
	} {
		_, err := ParseURL(url)
		if err == nil {
			t.Errorf("%q was taken", url)
			continue
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}
