package smtp

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Mail is what is handed over.
type Mail struct {
	// Sender and Recipient are bare addresses.
	SenderName, Sender       string
	ReplyTo                  string
	RecipientName, Recipient string
	Subject, Text, HTML      string
	// MessageID has no angle brackets.
	MessageID string
	// Time is when the mail was written.
	Time time.Time
	// Wanted is called right before the text is sent: a mail can be erased while it waits
	// for a connection. A mail without it is always wanted.
	Wanted func() bool
}

// addresses are a mail's, read: the headers', and the envelope's as SMTP writes them.
type addresses struct {
	from, to, reply *mail.Address

	sender, recipient string
	// senderUTF8 and recipientUTF8 mean that the address has letters beyond ASCII before the
	// @, which a server without SMTPUTF8 (RFC 6531) can't take.
	senderUTF8, recipientUTF8 bool
}

func (a addresses) utf8() bool { return a.senderUTF8 || a.recipientUTF8 }

// readRecipient refuses a recipient's address that is none.
func (a *addresses) readRecipient(m Mail) (err error) {
	if a.to, a.recipient, a.recipientUTF8, err = readAddress(m.Recipient); err != nil {
		return fmt.Errorf("the recipient's address: %w", err)
	}
	a.to.Name = oneLine(m.RecipientName)
	return nil
}

// readSender refuses an address of the shop's own that is none.
func (a *addresses) readSender(m Mail) (err error) {
	if a.from, a.sender, a.senderUTF8, err = readAddress(m.Sender); err != nil {
		return fmt.Errorf("the sender's address: %w", err)
	}
	a.from.Name = oneLine(m.SenderName)
	if m.ReplyTo == "" {
		return nil
	}
	if a.reply, _, _, err = readAddress(m.ReplyTo); err != nil {
		return fmt.Errorf("the address for answers: %w", err)
	}
	a.reply.Name = a.from.Name
	return nil
}

// compose writes the message by RFC 5322, with a text and an HTML alternative: in 8 bits
// where the server takes that, because encoding was more than half of the work, else
// quoted-printable.
func compose(m Mail, a addresses, eightBit bool) ([]byte, error) {
	encoding := gomail.EncodingQP
	if eightBit && fits(m.Text) && fits(m.HTML) {
		encoding = gomail.NoEncoding
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(encoding))
	msg.FromMailAddress(a.from)
	msg.ToMailAddress(a.to)
	if a.reply != nil {
		msg.ReplyToMailAddress(a.reply)
	}
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(m.Time)
	msg.SetMessageIDWithValue(m.MessageID)
	// RFC 3834: no vacation notice answers this.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	var out bytes.Buffer
	out.Grow(len(m.Text) + len(m.HTML) + 2048)
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("compose the mail: %w", err)
	}
	return out.Bytes(), nil
}

// fits reports whether a text's lines are as short as RFC 5321 wants them (4.5.3.1.6).
func fits(text string) bool {
	const most = 998
	for line := range strings.SplitSeq(text, "\n") {
		if len(line) > most {
			return false
		}
	}
	return true
}

// onTheWire ends every line with CR LF, as RFC 5322 wants it, and doubles the dot that
// a line begins with (RFC 5321, 4.5.2).
func onTheWire(message []byte) []byte {
	if bytes.Count(message, []byte("\r")) != bytes.Count(message, []byte("\r\n")) {
		message = bytes.ReplaceAll(message, []byte("\r\n"), []byte("\n"))
		message = bytes.ReplaceAll(message, []byte("\r"), []byte("\n"))
	}
	out := make([]byte, 0, len(message)+len(message)/16)
	for line := range bytes.Lines(message) {
		if line[0] == '.' {
			out = append(out, '.')
		}
		out = append(out, bytes.TrimRight(line, "\r\n")...)
		out = append(out, '\r', '\n')
	}
	return out
}

// readAddress reads an address and nothing around it, by the grammar that every
// contract uses: what was taken when the order was placed can be mailed. The domain
// becomes A-labels, and a local part that is no dot-atom, such as docomo's old ones
// (user.@docomo.ne.jp), is quoted, in the envelope and in the header.
func readAddress(text string) (header *mail.Address, envelope string, utf8 bool, err error) {
	normal, err := grammar.Email(text)
	if err != nil {
		return nil, "", false, err
	}
	if envelope, utf8, err = grammar.Mailbox(normal); err != nil {
		return nil, "", false, err
	}
	// Its String quotes the local part where that is needed.
	return &mail.Address{Address: normal}, envelope, utf8, nil
}

// oneLine keeps a header on one line, whatever is in the text.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	return strings.Join(strings.Fields(text), " ")
}
