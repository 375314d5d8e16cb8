package storefront_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// built is a build of the office as web/office/build.mjs makes it.
var built = fstest.MapFS{
	"index.html": {Data: []byte(`<!doctype html><html lang="{{.Language}}" data-accent="{{.Accent}}"><meta property="csp-nonce" nonce="{{.Nonce}}">` +
		`<meta name="shop" content="{{.Shop}}" data-time-zone="{{.TimeZone}}" data-currency="{{.Currency}}"><meta name="imprint-ar" lang="{{.Imprint.ar.Language}}" content="{{.Imprint.ar}}"><link rel="icon" href="{{.Icon}}">` +
		`<noscript>{{.NoScript}}</noscript><script type="module" src="/office/assets/office-AB12.js"></script>`)},
	"assets/office-AB12.js":    {Data: []byte("plain")},
	"assets/office-AB12.js.gz": {Data: []byte("zipped")},
	"assets/office-AB12.js.br": {Data: []byte("brotli")},
}

// The office is one page for all of its addresses, which loads its own files alone: a style that
// a component makes has the nonce of this answer, and no other site learns or frames anything.
func TestTheOfficeIsOnePage(t *testing.T) {
	t.Parallel()
	url := serveOffice(t, "http://127.0.0.1:1", built)
	nonces := make(map[string]bool)
	for _, path := range []string{"/office/", "/office/orders", "/office/orders/0190a5d1-ac96-774b-bcce-b302099a8001"} {
		res, body := get(t, url+path, "203.0.113.9")
		if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Fatalf("%s is %d, %v\n%s", path, res.StatusCode, res.Header, body)
		}
		for _, want := range []string{`data-time-zone="UTC"`, `data-currency="EUR"`, `data-accent="blue"`, `lang="en"`, `<meta name="imprint-ar" lang="" content="">`, "/assets/icon.", "The office needs JavaScript"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q\n%s", path, want, body)
			}
		}
		nonce := regexp.MustCompile(`nonce="([^"]+)"`).FindStringSubmatch(body)[1]
		policy := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self' 'nonce-" + nonce + "'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %q: %s", path, want, policy)
			}
		}
		if strings.Contains(strings.Replace(policy, "style-src-attr 'unsafe-inline'", "", 1), "unsafe") {
			t.Errorf("the policy allows what is unsafe: %s", policy)
		}
		nonces[nonce] = true
	}
	if len(nonces) != 3 {
		t.Errorf("answers share a nonce: %v", nonces)
	}
}

// The files of a build are kept for good; those of another build are not there, and no page
// stands in for them.
func TestTheOfficesFilesAreKeptForGood(t *testing.T) {
	t.Parallel()
	url := serveOffice(t, "http://127.0.0.1:1", built)
	for encodings, want := range map[string]string{"identity": "plain", "gzip": "zipped", "gzip, br": "brotli"} {
		res, body := request(t, http.MethodGet, url+"/office/assets/office-AB12.js", "Accept-Encoding", encodings)
		if body != want || res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || res.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("with %q it is %q, %v", encodings, body, res.Header)
		}
	}
	for _, path := range []string{"/office/assets/office-CD34.js", "/office/assets/office-AB12.js.br", "/office/assets/"} {
		if res, _ := request(t, http.MethodGet, url+path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s is %d", path, res.StatusCode)
		}
	}
	if res, _ := request(t, http.MethodPost, url+"/office/"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a POST is %d", res.StatusCode)
	}
}

// Addresses that people type or get by mail lead to the office; a browser takes along what stands after "#".
func TestAddressesLeadToTheOffice(t *testing.T) {
	t.Parallel()
	url := serveOffice(t, "http://127.0.0.1:1", built)
	for from, to := range map[string]string{"/office": "/office/", "/accept-invitation": "/office/accept-invitation"} {
		res, _ := request(t, http.MethodGet, url+from)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != to {
			t.Errorf("%s is %d and leads to %q", from, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

// A program without a build of the office says what to do.
func TestWithoutABuildTheOfficeSaysWhatToDo(t *testing.T) {
	t.Parallel()
	url := serveOffice(t, "http://127.0.0.1:1", fstest.MapFS{})
	for _, path := range []string{"/office/", "/office/orders"} {
		res, body := request(t, http.MethodGet, url+path)
		if res.StatusCode != http.StatusNotFound || !strings.Contains(body, "make office") || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s is %d, %v\n%s", path, res.StatusCode, res.Header, body)
		}
	}
}

// request is one as a browser makes it, which follows no redirects. headers are name and value
// in turn.
func request(t *testing.T, method, url string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}
