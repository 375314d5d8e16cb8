package web_test

import (
	"net/http"
	"strings"
	"testing"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	storefrontv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/storefront/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// What an owner sets for the pages is on them: the announcement and legal texts in the page's
// language or the first that has one, the accent, the countries, and the time zone.
func TestPagesShowWhatTheOwnerSet(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	s.lacks(s.shows("/", http.StatusOK, `data-accent="blue"`), "announcement", "Imprint")
	s.shows("/legal/imprint", http.StatusNotFound)
	if _, err := s.settings.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "storefront", Value: &configv1.Settings_Storefront{Storefront: &storefrontv1.Settings{
			Announcements: []*storefrontv1.Announcement{{Language: "de", Text: "Wir haben <Ferien>."}},
			Accent:        storefrontv1.Accent_ACCENT_TEAL.Enum(), TimeZone: new("Europe/Berlin"), Regions: []string{"DE", "AT"},
			LegalTexts: []*storefrontv1.LegalTexts{{Language: "en", Imprint: "# Who\nAda, https://ada.example/.\n- <b>one</b>"}},
		}},
	}}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the settings are in force", func() bool { return strings.Contains(s.get("/").body, "teal") })
	for _, path := range []string{"/", "/de", "/ar"} {
		s.shows(path, http.StatusOK, `<p class="announcement" lang="de" dir="auto">Wir haben &lt;Ferien&gt;.`, `data-accent="teal"`, "/legal/imprint")
	}
	s.lacks(s.shows("/legal/imprint", http.StatusOK, "<h1>Imprint</h1>", `href="https://ada.example/"`, "&lt;b&gt;one&lt;/b&gt;"), `dir="auto" lang=`)
	s.shows("/de/legal/imprint", http.StatusOK, "<h1>Impressum</h1>", `lang="en"`, "Ada")
	s.shows("/legal/terms", http.StatusNotFound)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	b.lacks(b.open("/checkout", "Germany", "Austria"), "United Kingdom")
	b.open("/ar/checkout", "ألمانيا")
}
