package config_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	storefrontv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/storefront/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func storefront(set *storefrontv1.Settings) *configv1.UpdateSettingsRequest {
	return &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "storefront", Value: &configv1.Settings_Storefront{Storefront: set},
	}}
}

// An owner sets what the shop's pages show; what nobody set has a default that fits.
func TestAnOwnerSetsWhatPagesShow(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	_, defaults := h.withDefaults("storefront")
	pages := defaults.GetStorefront()
	if pages.GetTimeZone() != "UTC" || strings.Join(pages.GetLanguages(), " ") != "en de ar" || pages.GetAccent() != storefrontv1.Accent_ACCENT_BLUE || len(pages.GetRegions()) != 0 {
		t.Errorf("the defaults are %v", pages)
	}
	set := &storefrontv1.Settings{
		Announcements: []*storefrontv1.Announcement{{Language: "de", Text: "Bis 7. Januar geschlossen"}, {Language: "ar", Text: "مغلق حتى ٧ يناير"}},
		Accent:        storefrontv1.Accent_ACCENT_VIOLET.Enum(), TimeZone: new("Europe/Berlin"), Languages: []string{"de", "ar"}, Regions: []string{"DE", "AT", "XK"},
		Carriers: []*storefrontv1.Carrier{{Name: "Post", TrackingUrl: "https://post.example/parcels?code={code}&again={code}"}},
		LegalTexts: []*storefrontv1.LegalTexts{{
			Language: "de", Imprint: "# Impressum\n\nHill & Dale\n- Weg 1\n- 10115 Berlin", Privacy: strings.Repeat("ß", 20_000),
		}},
	}
	res, err := h.UpdateSettings(t.Context(), storefront(set))
	if err != nil {
		t.Fatal(err)
	}
	if now := h.current("storefront"); !proto.Equal(now.GetStorefront(), set) || now.GetVersion() != 1 || now.GetEtag() != res.GetSettings().GetEtag() {
		t.Errorf("set is %v", now)
	}
	if _, err := h.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "storefront"}); err != nil {
		t.Fatal(err)
	}
	if now := h.current("storefront"); !proto.Equal(now.GetStorefront(), &storefrontv1.Settings{}) {
		t.Errorf("rolled back to %v", now)
	}
}

// What no page could show is refused, and the field is named.
func TestWhatPagesCouldNotShowIsRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "ann")
	texts := func(all ...*storefrontv1.LegalTexts) *storefrontv1.Settings {
		return &storefrontv1.Settings{LegalTexts: all}
	}
	carried := func(all ...*storefrontv1.Carrier) *storefrontv1.Settings {
		return &storefrontv1.Settings{Carriers: all}
	}
	carrier := func(name, page string) *storefrontv1.Carrier {
		return &storefrontv1.Carrier{Name: name, TrackingUrl: page}
	}
	said := func(all ...*storefrontv1.Announcement) *storefrontv1.Settings {
		return &storefrontv1.Settings{Announcements: all}
	}
	for _, c := range []struct {
		name, reason, field string
		set                 *storefrontv1.Settings
	}{
		{"a colour that is none", "INVALID_FIELD", "accent", &storefrontv1.Settings{Accent: storefrontv1.Accent(9).Enum()}},
		{"no colour", "INVALID_FIELD", "accent", &storefrontv1.Settings{Accent: storefrontv1.Accent_ACCENT_UNSPECIFIED.Enum()}},
		{"a time zone that is none", "SETTINGS_INVALID", "time_zone", &storefrontv1.Settings{TimeZone: new("Europe/Berlinn")}},
		{"the time zone of a machine", "SETTINGS_INVALID", "time_zone", &storefrontv1.Settings{TimeZone: new("Local")}},
		{"a path as a time zone", "INVALID_FIELD", "time_zone", &storefrontv1.Settings{TimeZone: new("../UTC")}},
		{"a language without texts", "INVALID_FIELD", "languages[1]", &storefrontv1.Settings{Languages: []string{"de", "fr"}}},
		{"a language twice", "INVALID_FIELD", "languages", &storefrontv1.Settings{Languages: []string{"de", "de"}}},
		{"a region that is none", "SETTINGS_INVALID", "regions[1]", &storefrontv1.Settings{Regions: []string{"DE", "UK"}}},
		{"a region in small letters", "INVALID_FIELD", "regions[0]", &storefrontv1.Settings{Regions: []string{"de"}}},
		{"two announcements in a language", "INVALID_FIELD", "", said(&storefrontv1.Announcement{Language: "de", Text: "a"}, &storefrontv1.Announcement{Language: "de", Text: "b"})},
		{"an announcement of two lines", "INVALID_FIELD", "announcements[0].text", said(&storefrontv1.Announcement{Language: "de", Text: "a\nb"})},
		{"an announcement that nobody sees", "SETTINGS_INVALID", "announcements[0].text", said(&storefrontv1.Announcement{Language: "de", Text: "\u3164"})},
		{"texts of a language twice", "INVALID_FIELD", "", texts(&storefrontv1.LegalTexts{Language: "de"}, &storefrontv1.LegalTexts{Language: "de"})},
		{"a carrier twice", "INVALID_FIELD", "", carried(carrier("Post", "https://post.example/{code}"), carrier("Post", "https://other.example/{code}"))},
		{"a carrier whose name nobody sees", "SETTINGS_INVALID", "carriers[0].name", carried(carrier("\u3164", "https://post.example/{code}"))},
		{"a carrier's page without a code", "INVALID_FIELD", "carriers[0].tracking_url", carried(carrier("Post", "https://post.example/"))},
		{"a code in place of a host", "INVALID_FIELD", "carriers[0].tracking_url", carried(carrier("Post", "https://{code}/"))},
		{"a carrier's page without TLS", "INVALID_FIELD", "carriers[0].tracking_url", carried(carrier("Post", "http://post.example/{code}"))},
		{"a text of no language", "INVALID_FIELD", "legal_texts[0].language", texts(&storefrontv1.LegalTexts{Terms: "a"})},
		{"a text that is too long", "INVALID_FIELD", "legal_texts[0].terms", texts(&storefrontv1.LegalTexts{Language: "en", Terms: strings.Repeat("a", 20_001)})},
		{"a text with control characters", "INVALID_FIELD", "legal_texts[0].privacy", texts(&storefrontv1.LegalTexts{Language: "en", Privacy: "a\x1b[1m"})},
		{"a text that nobody sees", "SETTINGS_INVALID", "legal_texts[1].shipping", texts(&storefrontv1.LegalTexts{Language: "de"}, &storefrontv1.LegalTexts{Language: "en", Shipping: " \n "})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := h.UpdateSettings(t.Context(), storefront(c.set))
			field := "settings.storefront"
			if c.field != "" {
				field += "." + c.field
			}
			testkit.Refused(t, err, connect.CodeInvalidArgument, c.reason, field)
		})
	}
}
