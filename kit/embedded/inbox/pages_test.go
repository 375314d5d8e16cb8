package inbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func get(t *testing.T, url string) (http.Header, int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Header, response.StatusCode, string(body)
}

// /inbox.json has all mails, decoded, newest first, and none of them is fewer than an empty array.
func TestInboxJSON(t *testing.T) {
	t.Parallel()
	i := open(t, t.TempDir())
	server := httptest.NewServer(i.Handler())
	defer server.Close()
	if _, _, body := get(t, server.URL+"/inbox.json"); strings.TrimSpace(body) != "[]" {
		t.Errorf("an empty inbox is %q", body)
	}
	client := dial(t, i.Addr())
	for _, mail := range []struct{ message, to string }{{message("1", "Order ABCD-1234 confirmed"), "bob@example.com"}, {mimeMail, "ada@example.com"}} {
		if err := send(client, mail.message, mail.to); err != nil {
			t.Fatal(err)
		}
	}
	var mails []mailJSON
	_, _, body := get(t, server.URL+"/inbox.json")
	if err := json.Unmarshal([]byte(body), &mails); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if len(mails) != 2 || mails[1].Subject != "Order ABCD-1234 confirmed" || mails[1].Text != "Hello.\n" {
		t.Fatalf("mails %+v", mails)
	}
	got := mails[0]
	want := mailJSON{To: "ada@example.com", Subject: "Grüßeü", Text: "Café costs €2, a line that is broken", HTML: "<p>Café</p><script>alert(1)</script>"}
	if got.To != want.To || got.Subject != want.Subject || got.Text != want.Text || got.HTML != want.HTML {
		t.Errorf("mail %+v, want %+v", got, want)
	}
	if !slices.Equal(got.Headers["X-Trace"], []string{"a", "b"}) || got.Headers["Subject"][0] != "Grüßeü" {
		t.Errorf("headers %v", got.Headers)
	}
	if _, _, body := get(t, server.URL+"/inbox.json?to=BOB@example.com"); !strings.Contains(body, "ABCD-1234") || strings.Contains(body, "ada@") {
		t.Errorf("the mails to bob: %s", body)
	}
}

// The pages show a mail and let it do nothing: its HTML is escaped into a frame without scripts.
func TestInboxPages(t *testing.T) {
	t.Parallel()
	i := open(t, t.TempDir())
	server := httptest.NewServer(i.Handler())
	defer server.Close()
	client := dial(t, i.Addr())
	if err := send(client, mimeMail, "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	for n := range mailsPerPage {
		if err := send(client, message(fmt.Sprint(n), fmt.Sprintf("<b>%d</b>", n)), "bob@example.com"); err != nil {
			t.Fatal(err)
		}
	}
	header, status, list := get(t, server.URL+"/inbox")
	if status != http.StatusOK || !strings.Contains(list, "&lt;b&gt;49&lt;/b&gt;") || strings.Contains(list, "Grüße") {
		t.Errorf("%d, first page: %s", status, list)
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Type": "text/html",
	} {
		if !strings.Contains(header.Get(name), want) {
			t.Errorf("%s is %q, want %q in it", name, header.Get(name), want)
		}
	}
	if _, _, older := get(t, server.URL+"/inbox?before=2"); !strings.Contains(older, "Grüßeü") || strings.Contains(older, "next") {
		t.Errorf("second page: %s", older)
	}
	_, _, page := get(t, server.URL+"/inbox/1")
	for _, want := range []string{"Café costs €2", `sandbox="allow-popups allow-popups-to-escape-sandbox"`, "&lt;script&gt;alert(1)", "X-Trace"} {
		if !strings.Contains(page, want) {
			t.Errorf("the mail's page lacks %q: %s", want, page)
		}
	}
	if strings.Contains(page, "<script") {
		t.Errorf("the mail's script is in the page: %s", page)
	}
	for _, missing := range []string{"/inbox/99", "/inbox/0", "/inbox/-1", "/inbox/x"} {
		if _, status, _ := get(t, server.URL+missing); status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", missing, status)
		}
	}
}

// Whatever bytes come as a mail, it is shown and nothing breaks.
func FuzzParseMail(f *testing.F) {
	f.Add([]byte(mimeMail))
	f.Add([]byte("no header at all"))
	f.Add([]byte("Content-Type: multipart/mixed\r\n\r\n--\r\n"))
	f.Add([]byte("Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := parseMail(raw)
		if m.Headers == nil {
			t.Error("a mail without a headers map")
		}
		for _, text := range []string{m.Subject, m.Text, m.HTML} {
			if strings.ToValidUTF8(text, "") != text {
				t.Errorf("%q is not UTF-8", text)
			}
		}
	})
}
