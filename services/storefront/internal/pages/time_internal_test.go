package pages

import (
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/web"
)

// A time is in the shop's time zone, as each language writes it.
func TestTimesAreWrittenAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	texts, err := messages.Load(web.Files())
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for language, want := range map[string]string{
		"en": "1 March 2026, 00:05", "de": "1. März 2026, 00:05",
		"ar": "\u20681\u2069 \u2068مارس\u2069 \u20682026\u2069، \u206800:05\u2069",
	} {
		v := &visit{texts: texts.In(language), own: OwnSettings{Location: berlin}}
		if got := v.time(time.Date(2026, time.February, 28, 23, 5, 0, 0, time.UTC)); got != want {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
}
