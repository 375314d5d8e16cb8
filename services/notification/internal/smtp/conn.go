package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"time"

	gosmtp "github.com/wneessen/go-mail/smtp"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/crashpoint"
)

// conn is one conversation with the mail server.
type conn struct {
	raw    net.Conn
	client *gosmtp.Client
	used   time.Time
	// broken conversations are not taken up again.
	broken bool
}

// dial connects, encrypts and authenticates; it leaves nothing open when it fails.
func dial(ctx context.Context, s Server) (*conn, error) {
	dialer := net.Dialer{}
	raw, err := dialer.DialContext(ctx, "tcp", s.address())
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw}
	stop := c.bound(ctx)
	defer stop()
	if err := c.greet(ctx, s); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return c, nil
}

func (c *conn) greet(ctx context.Context, s Server) (err error) {
	transport := c.raw
	if s.TLS {
		config, err := s.tlsConfig()
		if err != nil {
			return err
		}
		encrypted := tls.Client(c.raw, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("TLS: %w", certs.Explain(err))
		}
		transport = encrypted
	}
	if c.client, err = gosmtp.NewClient(transport, s.Host); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if err := c.client.Hello(helloName()); err != nil {
		return fmt.Errorf("EHLO: %w", err)
	}
	if err := c.startTLS(s); err != nil {
		return err
	}
	return c.authenticate(s)
}

func helloName() string {
	name, err := os.Hostname()
	if err != nil || name == "" || strings.ContainsAny(name, " \t\r\n") {
		return "localhost"
	}
	return name
}

func (c *conn) startTLS(s Server) error {
	if s.TLS || s.STARTTLS == Never {
		return nil
	}
	if offered, _ := c.client.Extension("STARTTLS"); !offered {
		if s.STARTTLS == Required {
			return errors.New("the mail server offers no STARTTLS, and it is required")
		}
		return nil
	}
	config, err := s.tlsConfig()
	if err != nil {
		return err
	}
	if err := c.client.StartTLS(config); err != nil {
		return fmt.Errorf("STARTTLS: %w", certs.Explain(err))
	}
	return nil
}

func (c *conn) authenticate(s Server) error {
	if s.User == "" {
		return nil
	}
	_, offered := c.client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	has := func(name string) bool {
		for _, m := range mechanisms {
			if m == name {
				return true
			}
		}
		return false
	}
	var auth gosmtp.Auth
	// ParseURL lets no password travel in the clear but on loopback.
	switch {
	case has("SCRAM-SHA-256"):
		auth = gosmtp.ScramSHA256Auth(s.User, s.Password)
	case has("PLAIN"):
		auth = gosmtp.PlainAuth("", s.User, s.Password, s.Host, true)
	case has("LOGIN"):
		auth = gosmtp.LoginAuth(s.User, s.Password, s.Host, true)
	default:
		return fmt.Errorf("the mail server offers none of SCRAM-SHA-256, PLAIN and LOGIN for signing in, but %q", offered)
	}
	if err := c.client.Auth(auth); err != nil {
		return fmt.Errorf("AUTH: %w", err)
	}
	return nil
}

// bound ends the conversation's reads and writes with ctx.
func (c *conn) bound(ctx context.Context) (stop func()) {
	deadline, _ := ctx.Deadline() // zero: none
	_ = c.raw.SetDeadline(deadline)
	cancel := context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })
	return func() { cancel() }
}

// stage is how far a mail came.
type stage int

const (
	stageSender stage = iota
	stageRecipient
	stageData
	stageBody
)

// ErrUnwanted reports that a mail was no longer wanted when its text was to go out.
var ErrUnwanted = errors.New("the mail is no longer wanted")

// deliver hands over one message, unless it is unwanted when its turn comes. What
// the server sends at the end is the reply; an error comes with the stage at which it
// happened.
func (c *conn) deliver(m Mail, a addresses, message []byte) (reply string, at stage, err error) {
	crashpoint.Cross("before DATA", "mail")
	if at, err := c.envelope(a); err != nil {
		return "", at, c.after(err)
	}
	if m.Wanted != nil && !m.Wanted() {
		// The server waits for a text: only closing the connection takes the commands back.
		c.broken = true
		return "", stageData, ErrUnwanted
	}
	// Written raw: closing a DotWriter would end a truncated message as if it were whole.
	out := c.client.Text.W
	if _, err := out.Write(onTheWire(message)); err != nil {
		c.broken = true
		return "", stageBody, err
	}
	crashpoint.Cross("before the end of DATA", "mail")
	_, _ = out.WriteString(".\r\n")
	if err := out.Flush(); err != nil {
		c.broken = true
		return "", stageBody, err
	}
	_, reply, err = c.client.Text.ReadResponse(250)
	if err != nil {
		return "", stageBody, c.after(err)
	}
	crashpoint.Cross("after 250", "mail")
	return reply, stageBody, nil
}

// envelope sends the sender, the recipient and the announcement of the text; together
// where the server takes that (RFC 2920), which saves the waiting for each reply.
func (c *conn) envelope(a addresses) (stage, error) {
	commands := []command{
		stageSender:    {"MAIL FROM:<" + a.sender + ">" + c.parameters(a), 250},
		stageRecipient: {"RCPT TO:<" + a.recipient + ">", 25},
		stageData:      {"DATA", 354},
	}
	together := 1
	if offered, _ := c.client.Extension("PIPELINING"); offered {
		together = len(commands)
	}
	for at := 0; at < len(commands); at += together {
		if at, err := c.exchange(stage(at), commands[at:at+together]); err != nil {
			return at, err
		}
	}
	return stageBody, nil
}

type command struct {
	line string
	// expect is the reply's code, or its first digits.
	expect int
}

// exchange sends commands, the first of which is at a stage, and reads every reply.
// It returns the first refusal.
func (c *conn) exchange(first stage, commands []command) (at stage, refused error) {
	text := c.client.Text
	for _, command := range commands {
		// What can't be written has no reply.
		_, _ = text.W.WriteString(command.line + "\r\n")
	}
	_ = text.W.Flush()
	for i, command := range commands {
		_, _, err := text.ReadResponse(command.expect)
		switch {
		case err == nil && refused != nil && first+stage(i) == stageData:
			c.broken = true // it waits for a text to nobody
		case err == nil || refused != nil:
		default:
			if at, refused = first+stage(i), err; code(err) == 0 || code(err) == 421 {
				return at, refused
			}
		}
	}
	return at, refused
}

// takes8Bit reports whether the server passes text of any script on as it is (RFC 6152).
func (c *conn) takes8Bit() bool {
	offered, _ := c.client.Extension("8BITMIME")
	return offered
}

// takesUTF8 reports whether the server takes addresses of any script (RFC 6531).
func (c *conn) takesUTF8() bool {
	offered, _ := c.client.Extension("SMTPUTF8")
	return offered
}

// parameters are MAIL's: that the text may be of any script, and that an address is.
// SMTPUTF8 is for those mails only that need it: the next server may not have it.
func (c *conn) parameters(a addresses) string {
	all := ""
	if c.takes8Bit() {
		all += " BODY=8BITMIME"
	}
	if a.utf8() {
		all += " SMTPUTF8"
	}
	return all
}

// after resets the connection after a refusal, for the next mail. That is not possible
// where the server did not answer, announced that it closes, or can't be reached any
// more. In the last case its refusal may be about a command or a text that the network
// cut short, so it counts as a refusal of the mail only when the server still answers.
func (c *conn) after(err error) error {
	switch n := code(err); {
	case c.broken || n == 0 || n == 421:
		c.broken = true
	case c.client.Reset() != nil:
		c.broken = true
		if n/100 == 5 {
			return fmt.Errorf("the connection ended behind the refusal %q", explain(err))
		}
	}
	return err
}

// alive reports whether the server still answers on an idle connection.
func (c *conn) alive() bool { return c.client.Noop() == nil }

// close ends the conversation; politely, when there is time for it.
func (c *conn) close() {
	if !c.broken {
		_ = c.raw.SetDeadline(time.Now().Add(time.Second))
		_ = c.client.Quit()
	}
	_ = c.raw.Close()
}

// code is the server's reply code in an error; 0 when it is none of the server's.
func code(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// explain writes an error down as an operator wants to read it.
func explain(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the mail server closed the connection"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "the mail server did not answer in time"
	}
	text := err.Error()
	var reply *textproto.Error
	if errors.As(err, &reply) {
		// Without the quotes that Go puts around it.
		text = strings.ReplaceAll(text, reply.Error(), fmt.Sprintf("%d %s", reply.Code, reply.Msg))
	}
	return text
}
