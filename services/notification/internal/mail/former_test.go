package mail

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// Mails that were sent with a former version of the templates read as they did: to the byte.
// testdata/former holds what each of these versions rendered before the next one was there.
func TestFormerVersionsStay(t *testing.T) {
	t.Parallel()
	templates, err := Parse()
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob("testdata/former/v*")
	if err != nil || len(found) == 0 {
		t.Fatalf("there are no former mails, %v", err)
	}
	shop := domain.ShopDetails{Name: "Ada's Lamps", LegalNotices: domain.NewLegalNotices(
		"https://shop.example/imprint", "https://shop.example/terms", "https://shop.example/privacy", "https://shop.example/withdrawal",
	)}
	kinds := make(map[string]domain.Kind)
	for kind := domain.OrderConfirmed; kind <= domain.LastKind; kind++ {
		kinds[kind.String()] = kind
	}
	for _, file := range found {
		base, ending, _ := strings.Cut(strings.TrimPrefix(filepath.Base(file), "v"), ".")
		digits, rest, _ := strings.Cut(base, "_")
		at := strings.LastIndexByte(rest, '_')
		version, err := strconv.Atoi(digits)
		if err != nil || at < 0 {
			t.Fatalf("%s is named otherwise", file)
		}
		content := Sample(kinds[rest[:at]], domain.English)
		content.Subject, content.LanguageCode = "A subject", rest[at+1:]
		content.Adjustments[0] = Adjustment{Kind: orderv1.AdjustmentKind_ADJUSTMENT_KIND_SHIPPING, Amount: content.Adjustments[0].Amount}
		content.Changes = append(content.Changes, Change{Field: "carrier", Removed: true})
		got, err := templates.Render(content, version, shop)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if text := map[string]string{"txt": got.Text, "html": got.HTML}[ending]; text != string(want) {
			t.Errorf("%s: it is now\n%s", file, text)
		}
	}
}

// A version that knows a language for some mails only has the others in English.
func TestTheFifthVersionHasOneMailInGerman(t *testing.T) {
	t.Parallel()
	templates, err := Parse()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		kind domain.Kind
		code string
		want string
	}{
		{domain.OrderConfirmed, "de", `<html lang="de">`}, {domain.OrderCancelled, "de", `<html lang="en">`},
		{domain.OrderConfirmed, "ar", `<html lang="en">`}, {domain.VerifyEmail, "de", `<html lang="en">`},
	} {
		content := Sample(row.kind, domain.English)
		content.LanguageCode = row.code
		got, err := templates.Render(content, 5, domain.ShopDetails{Name: "Shop"})
		if err != nil || !strings.Contains(got.HTML, row.want) {
			t.Errorf("%s, %s: no %s, %v", row.kind, row.code, row.want, err)
		}
	}
}

// A mail that the version after requested is written with the newest templates that are known, so
// that it is not kept back while both versions of the program run, or after a return to this one.
func TestAMailOfTheVersionAfterIsWritten(t *testing.T) {
	t.Parallel()
	templates, err := Parse()
	if err != nil {
		t.Fatal(err)
	}
	content, shop := Sample(domain.OrderConfirmed, domain.English), domain.ShopDetails{Name: "Shop"}
	want, err := templates.Render(content, Version, shop)
	if err != nil {
		t.Fatal(err)
	}
	got, err := templates.Render(content, Version+1, shop)
	if err != nil || got != want {
		t.Errorf("it is %+v, %v", got, err)
	}
}
