package inbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"golang.org/x/text/encoding/htmlindex"
)

// Mail is a mail as people read it.
type Mail struct {
	// Number counts from 1 for the first that ever came.
	Number int
	// From and To are the envelope's: where the mail really went.
	From string
	To   []string
	// Received is when it came, in UTC.
	Received time.Time
	Subject  string
	// Text and HTML are the first part of each kind, decoded to UTF-8; empty when there is none.
	Text string
	HTML string
	// Headers are the message's, decoded; names are in canonical form.
	Headers map[string][]string
}

// parseMail parses a message as far as possible; one that is malformed is shown as text.
func parseMail(message []byte) Mail {
	parsed, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		return Mail{Text: strings.ToValidUTF8(string(message), "\uFFFD"), Headers: map[string][]string{}}
	}
	m := Mail{Headers: map[string][]string{}}
	for name, values := range parsed.Header {
		for _, value := range values {
			m.Headers[name] = append(m.Headers[name], decodeHeader(value))
		}
	}
	m.Subject = decodeHeader(parsed.Header.Get("Subject"))
	m.readPart(textproto.MIMEHeader(parsed.Header), parsed.Body, 0)
	return m
}

// decodeHeader decodes the words of RFC 2047.
func decodeHeader(value string) string {
	decoder := mime.WordDecoder{CharsetReader: charsetReader}
	decoded, err := decoder.DecodeHeader(value)
	if err != nil {
		decoded = value
	}
	return strings.ToValidUTF8(decoded, "\uFFFD")
}

// maxPartDepth bounds how deep parts lie in parts.
const maxPartDepth = 8

// readPart takes the first text and the first HTML of a part and of those within it.
func (m *Mail) readPart(header textproto.MIMEHeader, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil { // none, which RFC 2045 reads as text
		kind, params = "text/plain", nil
	}
	if strings.HasPrefix(kind, "multipart/") {
		if depth < maxPartDepth {
			m.readParts(multipart.NewReader(body, params["boundary"]), depth+1)
		}
		return
	}
	if disposition, _, err := mime.ParseMediaType(header.Get("Content-Disposition")); err == nil && disposition == "attachment" {
		return
	}
	switch {
	case kind == "text/plain" && m.Text == "":
		m.Text = decodeBody(header.Get("Content-Transfer-Encoding"), params["charset"], body)
	case kind == "text/html" && m.HTML == "":
		m.HTML = decodeBody(header.Get("Content-Transfer-Encoding"), params["charset"], body)
	}
}

func (m *Mail) readParts(parts *multipart.Reader, depth int) {
	for {
		// NextRawPart leaves the transfer encoding to us.
		part, err := parts.NextRawPart()
		if err != nil {
			return
		}
		m.readPart(part.Header, part, depth)
	}
}

// decodeBody decodes the transfer encoding and the charset, up to the first error.
func decodeBody(encoding, charset string, body io.Reader) string {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	if decoded, err := charsetReader(charset, body); err == nil {
		body = decoded
	}
	text, _ := io.ReadAll(body)
	return strings.ToValidUTF8(strings.ReplaceAll(string(text), "\r\n", "\n"), "\uFFFD")
}

// charsetReader reads a charset as UTF-8.
func charsetReader(charset string, r io.Reader) (io.Reader, error) {
	if charset == "" {
		return r, nil
	}
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return nil, err
	}
	return encoding.NewDecoder().Reader(r), nil
}
