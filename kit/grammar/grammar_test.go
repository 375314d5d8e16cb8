package grammar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

func TestAnEmailAddressIsTakenInEveryFormThatPeopleHave(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ given, normalized, key, mailbox string }{
		"plain":                          {"name@example.com", "name@example.com", "name@example.com", "name@example.com"},
		"blanks around it":               {" Ada@Example.COM\t", "Ada@Example.COM", "ada@example.com", "Ada@Example.COM"},
		"docomo's, a dot at the end":     {"user.@docomo.ne.jp", "user.@docomo.ne.jp", "user.@docomo.ne.jp", `"user."@docomo.ne.jp`},
		"docomo's, two dots":             {"a..b@docomo.ne.jp", "a..b@docomo.ne.jp", "a..b@docomo.ne.jp", `"a..b"@docomo.ne.jp`},
		"docomo's, written with quotes":  {`"user."@docomo.ne.jp`, "user.@docomo.ne.jp", "user.@docomo.ne.jp", `"user."@docomo.ne.jp`},
		"an internationalized domain":    {"jan@Bücher.example", "jan@xn--bcher-kva.example", "jan@xn--bcher-kva.example", "jan@xn--bcher-kva.example"},
		"its A-label":                    {"jan@xn--bcher-kva.example", "jan@xn--bcher-kva.example", "jan@xn--bcher-kva.example", "jan@xn--bcher-kva.example"},
		"ß stays ß":                      {"a@straße.example", "a@xn--strae-oqa.example", "a@xn--strae-oqa.example", "a@xn--strae-oqa.example"},
		"letters beyond ASCII before @":  {"Jörg@example.com", "Jörg@example.com", "jörg@example.com", "Jörg@example.com"},
		"the same, decomposed":           {"Jo\u0308rg@example.com", "Jörg@example.com", "jörg@example.com", "Jörg@example.com"},
		"signs":                          {"o'neil+shop!x@example.com", "o'neil+shop!x@example.com", "o'neil+shop!x@example.com", "o'neil+shop!x@example.com"},
		"a host of one label":            {"root@localhost", "root@localhost", "root@localhost", "root@localhost"},
		"hyphens in the third place":     {"a@r3---sn.example", "a@r3---sn.example", "a@r3---sn.example", "a@r3---sn.example"},
		"64 before the @":                {strings.Repeat("a", 64) + "@b.example", strings.Repeat("a", 64) + "@b.example", strings.Repeat("a", 64) + "@b.example", strings.Repeat("a", 64) + "@b.example"},
		"a domain with ideographic dots": {"a@例え。テスト", "a@xn--r8jz45g.xn--zckzah", "a@xn--r8jz45g.xn--zckzah", "a@xn--r8jz45g.xn--zckzah"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			normalized, err := grammar.Email(row.given)
			mailbox, utf8, merr := grammar.Mailbox(row.given)
			if normalized != row.normalized || grammar.EmailKey(row.given) != row.key || mailbox != row.mailbox || err != nil || merr != nil {
				t.Fatalf("%q is %q (%v), key %q, mailbox %q (%v)", row.given, normalized, err, grammar.EmailKey(row.given), mailbox, merr)
			}
			if utf8 != strings.Contains(row.mailbox, "ö") {
				t.Fatalf("%q needs SMTPUTF8: %t", row.given, utf8)
			}
		})
	}
}

func TestWhatNoMailServerWouldTakeIsNoEmailAddress(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"", "name", "@example.com", "name@", "a@b@example.com", "a b@example.com", "a\u200bb@example.com", "a@exa mple.com",
		"a@example..com", "a@example.com.", "a@.example.com", "a@-x.example", "a@x-.example", "a@x_y.example", "a@127.0.0.1", "a@[127.0.0.1]",
		"a@xn--a.example", "a\r\nBcc: b@example.com", "Ada <ada@example.com>", `"a b"@example.com`, "a\x00@example.com", "a\xff@example.com",
		"a,b@example.com", "a:b@example.com", "a(b)@example.com", `""@example.com`, "a😀@example.com", "a@😀.", "a\\@example.com",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("b", 64) + ".example", strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 100) + "example",
		strings.Repeat("ü", 100_000) + "@example.com",
	} {
		if normalized, err := grammar.Email(given); err == nil {
			t.Errorf("%.60q was taken, as %q", given, normalized)
		}
	}
}

func isAddress(text string) bool {
	_, err := grammar.Email(text)
	return err == nil
}

func TestWhatIsTakenStaysTheSameWhenItIsReadAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.StringMatching(`[ "]?[a-zäA-Z.]{1,5}["]?@[a-zA-Zßü.-]{1,8}\.[a-z]{2,3}[ ]?`).Filter(isAddress).Draw(t, "address")
		once, err := grammar.Email(given)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := grammar.Email(once)
		mailbox, _, merr := grammar.Mailbox(once)
		back, berr := grammar.Email(mailbox)
		if twice != once || err != nil || merr != nil || back != once || berr != nil || grammar.EmailKey(mailbox) != grammar.EmailKey(given) {
			t.Fatalf("%q, then %q (%v), as a mailbox %q (%v), and back %q (%v)", once, twice, err, mailbox, merr, back, berr)
		}
	})
}

func TestARegionIsACountryOfToday(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"DE", "GB", "XK", "SX", "SS", "TW", "AQ"} {
		if err := grammar.Region(code); err != nil {
			t.Errorf("%s: %v", code, err)
		}
	}
	for code, advice := range map[string]string{
		"UK": "use GB", "de": "must be DE", "DEU": "use DE", "DD": "use DE", "AN": "BQ, CW or SX", "YU": "RS or ME", "ZR": "use CD",
		"BU": "use MM", "SU": "RU", "EL": "use GR", "ZZ": "such as DE", "EU": "such as DE", "QQ": "such as DE", "150": "such as DE",
		"": "such as DE", "  ": "such as DE", "E ": "such as DE", "AD AE": "such as DE", "IC": "use ES",
	} {
		if err := grammar.Region(code); err == nil || !strings.Contains(err.Error(), advice) {
			t.Errorf("%q: %v, want advice %q", code, err, advice)
		}
	}
	count := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if grammar.Region(string(a)+string(b)) == nil {
				count++
			}
		}
	}
	if count != 250 {
		t.Fatalf("%d regions, ISO 3166-1 has 249, and Kosovo", count)
	}
}

func TestATimeIsOneInstantOrRefused(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]time.Time{
		"2026-11-22T10:00:00Z":           time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		"2026-11-22T11:00:00.5+01:00":    time.Date(2026, 11, 22, 10, 0, 0, 500_000_000, time.UTC),
		"2026-11-22T00:00:00+14:00":      time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC),
		"2026-11-22T10:00:00.123456789Z": time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.UTC),
		"1900-01-01T00:00:00-15:13":      time.Date(1900, 1, 1, 15, 13, 0, 0, time.UTC),
	} {
		if got, err := grammar.Time(given); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s is %v, %v", given, got, err)
		}
	}
	for _, given := range []string{
		"2026-11-22T10:00:00+16:00", "2026-11-22T10:00:00-16:00", "2026-11-22T10:00:00,5Z", "2026-11-22T10:00:00+01:60", "2026-11-22",
		"2026-11-22 10:00:00Z", "2026-11-22T10:00:00", "2026-02-30T10:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T1:00:00Z", "0000-01-01T00:00:00Z",
		"0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-11-22T10:00:60Z", "2026-11-22T10:00:00.1234567891Z", "now", "",
		"2026-11-22T10:00:00.Z", "2026-11-22t10:00:00z", "2026-11-22T10:00:00Z\n",
	} {
		if got, err := grammar.Time(given); err == nil {
			t.Errorf("%q was taken, as %v", given, got)
		}
	}
}

func TestABlankOfInvisibleCharactersIsBlank(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"", " ", "\t\n", "\u00a0", "\u200b\u200d", "\ufeff", "\u3164", "\u2800", "\u115f\u1160", "\u202e", "\u00ad", "\ufe0f", "\u2060"} {
		if !grammar.Blank(given) || grammar.Name(given) == nil || grammar.RequiredText(given, 10) == nil {
			t.Errorf("%q is not blank", given)
		}
		if given != "" && (grammar.Text(given, 10) == nil || grammar.LastName(given) == nil || grammar.Phone(given) == nil) {
			t.Errorf("%q is taken as an optional text", given)
		}
	}
	for _, given := range []string{"a", "\u200bа", "李", "😀", ".", "\u2764\ufe0f"} {
		if grammar.Blank(given) || grammar.Name(given) != nil || grammar.RequiredText(given, 10) != nil {
			t.Errorf("%q is blank", given)
		}
	}
}

func TestFreeTextKeepsItsBounds(t *testing.T) {
	t.Parallel()
	if err := grammar.Text("two\nlines, ünï", 14); err != nil {
		t.Error(err)
	}
	for _, given := range []string{"a\x00b", "\xff", strings.Repeat("ü", 15), strings.Repeat("a", 1_000_000)} {
		if grammar.Text(given, 14) == nil {
			t.Errorf("%.20q was taken", given)
		}
	}
	for _, given := range []string{"a\nb", "a\rb", "a\u2028b", "a\u0085b", "a\tb"} {
		if grammar.Line(given, 14) == nil {
			t.Errorf("%q was taken as one line", given)
		}
	}
	if grammar.LastName("") != nil || grammar.Name("") == nil || grammar.Name("Suharto") != nil || grammar.Phone("") != nil {
		t.Error("one name is enough, and a phone is optional")
	}
}

func TestNamesAreEqualInAnyCaseAndBetweenAnyBlanks(t *testing.T) {
	t.Parallel()
	for a, b := range map[string]string{"Straße": " STRASSE ", "Ärzte": "a\u0308rzte\u200b", "ΣΟΦΟΣ": "σοφος"} {
		if grammar.Fold(a) != grammar.Fold(b) {
			t.Errorf("%q and %q differ: %q, %q", a, b, grammar.Fold(a), grammar.Fold(b))
		}
	}
	if grammar.Fold("Ada L") == grammar.Fold("AdaL") {
		t.Error("a blank within a name counts")
	}
}

func TestAnAllZeroUUIDIsNoRequestID(t *testing.T) {
	t.Parallel()
	const written = "01990F7E-3C1B-7D2A-9C6F-0B8D4E5A6F70"
	if id, err := grammar.RequestID(written); err != nil || !strings.EqualFold(id.String(), written) {
		t.Fatal(id, err)
	}
	if _, err := grammar.RequestID(uuid.Nil.String()); err == nil {
		t.Fatal("the all-zero UUID was taken")
	}
	if id, err := grammar.UUID(uuid.Nil.String()); id != uuid.Nil || err != nil {
		t.Fatal("it is an id as good as any other", err)
	}
	for _, given := range []string{"", "x", "{01990f7e-3c1b-7d2a-9c6f-0b8d4e5a6f70}", "01990f7e3c1b7d2a9c6f0b8d4e5a6f70", "urn:uuid:01990f7e-3c1b-7d2a-9c6f-0b8d4e5a6f70"} {
		if _, err := grammar.UUID(given); err == nil {
			t.Errorf("%q was taken", given)
		}
	}
}

func TestAnAddressNamesEachPartThatIsWrong(t *testing.T) {
	t.Parallel()
	good := grammar.PostalAddress{RegionCode: "XK", LanguageCode: "sq", Locality: "Prishtinë", AddressLines: []string{"Rruga B 1"}, Recipients: []string{"Ada"}}
	if wrong := grammar.Address("a.", good); len(wrong) != 0 {
		t.Fatalf("refused: %+v", wrong)
	}
	long := strings.Repeat("ü", 201)
	bad := grammar.PostalAddress{
		RegionCode: "UK", LanguageCode: "!", PostalCode: long, SortingCode: "a\nb", AdministrativeArea: "\x00", Locality: long,
		Sublocality: long, AddressLines: []string{"ok", "\u200b"}, Recipients: []string{long}, Organization: long,
	}
	var fields []string
	for _, violation := range grammar.Address("a.", bad) {
		fields = append(fields, violation.Field)
	}
	const want = "a.region_code a.language_code a.postal_code a.sorting_code a.administrative_area a.locality a.sublocality a.address_lines[1] a.recipients[0] a.organization"
	if got := strings.Join(fields, " "); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	for lines, refused := range map[int]bool{0: true, 1: false, 5: false, 6: true} {
		good.AddressLines = strings.Fields(strings.Repeat("line ", lines))
		if (len(grammar.Address("", good)) > 0) != refused {
			t.Errorf("%d lines refused: want %t", lines, refused)
		}
	}
}

// Two addresses that only look the same are two mailboxes; the letters of ASCII are the same
// in either case.
func TestExactEmailKey(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"Ada@Example.COM": "ada@example.com", "ÄDA@example.com": "Äda@example.com", "äda@example.com": "äda@example.com",
		"ſam@example.com": "ſam@example.com", "\u212aim@example.com": "\u212aim@example.com", "a..b@XN--bcher-kva.example": "a..b@xn--bcher-kva.example",
	} {
		if got := grammar.ExactEmailKey(given); got != want {
			t.Errorf("%q has the key %q, want %q", given, got, want)
		}
	}
}
