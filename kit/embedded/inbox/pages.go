package inbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed pages
var inboxFiles embed.FS

// Handler serves the inbox: the list at /inbox, one mail at /inbox/{number}, and all mails at
// /inbox.json, an array of {to, subject, text, html, headers}, newest first. ?to= selects the
// mails to one address. It does not authorize: Access does.
func (i *Inbox) Handler() http.Handler {
	pages := inboxPages{
		inbox: i,
		list:  template.Must(template.ParseFS(inboxFiles, "pages/list.html")),
		mail:  template.Must(template.ParseFS(inboxFiles, "pages/mail.html")),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /inbox", pages.serveList)
	mux.HandleFunc("GET /inbox/{number}", pages.serveMail)
	mux.HandleFunc("GET /inbox/style.css", serveFile)
	mux.HandleFunc("GET /inbox.json", i.serveJSON)
	return guarded(mux)
}

// guarded forbids a mail's content to load or run anything. Its HTML is in a sandboxed frame
// that inherits this policy; inline styles are allowed because mails are made with them.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setGuard(w.Header(), "")
		next.ServeHTTP(w, r)
	})
}

// setGuard sets the headers of a page; more are directives of its policy.
func setGuard(header http.Header, more string) {
	header.Set("Content-Security-Policy",
		"default-src 'none'; "+more+"style-src 'self' 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
}

type inboxPages struct {
	inbox      *Inbox
	list, mail *template.Template
}

// shownMail is a mail with what its page needs beside it.
type shownMail struct{ Mail }

// Recipients joins the addresses.
func (m shownMail) Recipients() string { return strings.Join(m.To, ", ") }

// Document is the mail's HTML for its frame; links open in a new tab.
func (m shownMail) Document() string { return `<base target="_blank">` + m.HTML }

type listPage struct {
	To    string
	Count int
	Mails []shownMail
	Older string // the next page's address, empty on the last
}

const mailsPerPage = 50

func (p inboxPages) serveList(w http.ResponseWriter, r *http.Request) {
	oldest, next := p.inbox.log.numbers()
	page := listPage{To: r.URL.Query().Get("to"), Count: next - oldest}
	before, err := strconv.Atoi(r.URL.Query().Get("before"))
	if err != nil || before < 1 || before > next {
		before = next + 1
	}
	for m, err := range p.inbox.mailsTo(page.To, before) {
		if err != nil {
			p.fail(w, r, err)
			return
		}
		if len(page.Mails) == mailsPerPage {
			last := page.Mails[mailsPerPage-1].Number
			page.Older = "/inbox?" + url.Values{"to": {page.To}, "before": {strconv.Itoa(last)}}.Encode()
			break
		}
		page.Mails = append(page.Mails, shownMail{m})
	}
	p.show(w, r, p.list, page)
}

func (p inboxPages) serveMail(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	m, err := p.inbox.mail(number - 1)
	if errors.Is(err, io.EOF) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, p.mail, shownMail{m})
}

func (p inboxPages) show(w http.ResponseWriter, r *http.Request, page *template.Template, data any) {
	var body bytes.Buffer
	if err := page.Execute(&body, data); err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = body.WriteTo(w) // the reader may have gone
}

// serveFile serves the file of our own that the path ends with.
func serveFile(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, inboxFiles, path.Join("pages", path.Base(r.URL.Path)))
}

func (p inboxPages) fail(w http.ResponseWriter, r *http.Request, err error) {
	p.inbox.logger.ErrorContext(r.Context(), "the inbox can't be shown", "error", err)
	http.Error(w, "the inbox can't be shown; the reason is in the log", http.StatusInternalServerError)
}

// mailJSON is a mail in /inbox.json.
type mailJSON struct {
	To      string              `json:"to"` // addresses joined by ", "
	Subject string              `json:"subject"`
	Text    string              `json:"text"`
	HTML    string              `json:"html"`
	Headers map[string][]string `json:"headers"`
	// Received is when the server took it.
	Received time.Time `json:"received"`
}

// serveJSON writes mail by mail, because the inbox may be larger than the memory. An error in
// the middle aborts the connection, so that a client never takes half an array for a whole one.
func (i *Inbox) serveJSON(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	before := "["
	_, next := i.log.numbers()
	for m, err := range i.mailsTo(r.URL.Query().Get("to"), next+1) {
		if err == nil {
			err = writeMailJSON(w, before, m)
		}
		if err != nil {
			i.logger.ErrorContext(r.Context(), "the inbox can't be written out", "error", err)
			panic(http.ErrAbortHandler)
		}
		before = ","
	}
	if before == "[" {
		_, _ = io.WriteString(w, "[")
	}
	_, _ = io.WriteString(w, "]\n") // the reader may have gone
}

func writeMailJSON(w io.Writer, before string, m Mail) error {
	encoded, err := json.Marshal(mailJSON{To: strings.Join(m.To, ", "), Subject: m.Subject, Text: m.Text, HTML: m.HTML, Headers: m.Headers, Received: m.Received})
	if err != nil {
		return err
	}
	_, err = w.Write(append([]byte(before), encoded...))
	return err
}
