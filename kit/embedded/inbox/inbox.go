// Package inbox is the built-in mail server: it takes mails over SMTP, keeps the newest,
// and shows them as pages and as JSON.
package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"log/slog"
	"net"
	"net/mail"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
)

const (
	// maxMessageBytes bounds a mail; a larger one is refused with 552.
	maxMessageBytes = 10 << 20
	maxRecipients   = 100
	// maxRecordBytes bounds a mail with its envelope in the log.
	maxRecordBytes = maxMessageBytes + 1<<20
)

// Inbox takes the mails of a shop that has no mail provider, and shows them. It is an SMTP
// server.
//
// A mail that it answered with 250 is synced to disk. A second mail with the same Message-ID
// is answered with 250 too and not kept, because a sender that missed the first answer sends
// again. It keeps the newest 256 MiB of mails, some hundred thousand of a shop's, and removes
// older ones 8 MiB at a time.
type Inbox struct {
	log       *mailLog
	logger    *slog.Logger
	condition *condition.Condition
	lock      *datadir.Held
	server    *smtp.Server
	listener  *cuttingListener
}

// Open opens the inbox in a folder, usually [datadir.Dir.Inbox], and listens for mails on an
// address such as "127.0.0.1:1025"; port 0 picks a free one. Nobody who reaches it is asked who
// they are. Serve takes mails. A nil logger is slog.Default.
func Open(dir, listen string, logger *slog.Logger) (*Inbox, error) {
	return openWithin(dir, listen, mailBounds{segment: usualSegment, total: usualInboxBytes}, logger)
}

func openWithin(dir, listen string, bounds mailBounds, logger *slog.Logger) (*Inbox, error) {
	if logger == nil {
		logger = slog.Default()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the inbox's folder: %w", err)
	}
	lock, err := datadir.Lock(dir)
	if err != nil {
		return nil, err
	}
	mails, err := openMailLog(dir, bounds, logger)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the inbox's port: %w", err), mails.close(), lock.Close())
	}
	i := &Inbox{
		log: mails, logger: logger, lock: lock, condition: condition.New(logger, "mails are not kept; their sender tries again"),
		listener: &cuttingListener{Listener: listener, conns: map[*cutConn]struct{}{}},
	}
	i.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &mailSession{log: mails, condition: i.condition}, nil
	}))
	i.server.Domain = "localhost"
	i.server.MaxMessageBytes = maxMessageBytes
	i.server.MaxRecipients = maxRecipients
	i.server.EnableSMTPUTF8 = true
	i.server.ReadTimeout = 5 * time.Minute // what RFC 5321, 4.5.3.2.7, gives a client
	i.server.WriteTimeout = time.Minute
	i.server.ErrorLog = log.New(io.Discard, "", 0) // broken connections are their clients' to report
	return i, nil
}

// Condition returns why mails are not kept, and nil when they are.
func (i *Inbox) Condition(context.Context) error { return i.condition.Err(0) }

// Addr returns the SMTP server's host:port.
func (i *Inbox) Addr() string { return i.listener.Addr().String() }

// Serve takes mails until Close. It returns nil then.
func (i *Inbox) Serve() error {
	if err := i.server.Serve(i.listener); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("serve the inbox: %w", err)
	}
	return nil
}

// Close ends Serve, closes the connections and waits for their sessions, at most until ctx
// ends. A mail that is being stored is stored; its sender, cut off before the answer, sends
// it again, and it is kept once.
func (i *Inbox) Close(ctx context.Context) error {
	err := i.listener.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	// Shutdown waits for sessions; the server's Close would free them during a DATA.
	if shutdownErr := i.server.Shutdown(ctx); !errors.Is(shutdownErr, net.ErrClosed) && !errors.Is(shutdownErr, smtp.ErrServerClosed) {
		err = errors.Join(err, shutdownErr)
	}
	err = errors.Join(err, i.log.close())
	if lockErr := i.lock.Close(); !errors.Is(lockErr, os.ErrClosed) {
		err = errors.Join(err, lockErr)
	}
	return err
}

// Mails returns the mails that are kept at the call, newest first, and reads each from disk
// when its turn comes. An error ends the sequence.
func (i *Inbox) Mails() iter.Seq2[Mail, error] {
	_, next := i.log.numbers()
	return i.mailsTo("", next+1)
}

// mailsTo returns the mails to an address, or all when it is empty, that are older than the
// mail numbered before.
func (i *Inbox) mailsTo(address string, before int) iter.Seq2[Mail, error] {
	return func(yield func(Mail, error) bool) {
		for number := before - 2; number >= 0; number-- {
			e, err := i.log.readEnvelope(number)
			if errors.Is(err, io.EOF) {
				return // older ones were removed
			}
			if err == nil && address != "" && !isTo(e, address) {
				continue
			}
			var m Mail
			if err == nil {
				if m, err = i.mail(number); errors.Is(err, io.EOF) {
					return
				}
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

func isTo(e envelope, address string) bool {
	return slices.ContainsFunc(e.To, func(to string) bool { return strings.EqualFold(to, address) })
}

// mail returns a mail by its number, from 0 for the first that ever came, and io.EOF when there
// is none or it was removed.
func (i *Inbox) mail(number int) (Mail, error) {
	e, message, err := i.log.read(number)
	if err != nil {
		return Mail{}, err
	}
	m := parseMail(message)
	m.Number, m.From, m.To, m.Received = number+1, e.From, e.To, e.Received
	return m, nil
}

// mailSession is one client's SMTP session.
type mailSession struct {
	log       *mailLog
	condition *condition.Condition
	from      string
	to        []string
}

// Mail implements smtp.Session.
func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt implements smtp.Session: every recipient is taken.
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session. It returns when the mail is synced to disk.
func (s *mailSession) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		var refusal *smtp.SMTPError // too large, for instance
		if errors.As(err, &refusal) {
			return err
		}
		// The answer reaches a sender that closed only its own direction of the connection.
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "The mail broke off, send it again"}
	}
	e := envelope{From: s.from, To: slices.Clone(s.to), Received: time.Now().UTC(), MessageID: messageID(message)}
	if err := s.log.store(e, message); err != nil {
		s.condition.Note(context.Background(), datadir.ExplainFull(err))
		if datadir.IsFull(err) {
			return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "The disk is full, try again later"}
		}
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The mail could not be stored, try again later"}
	}
	s.condition.Over(context.Background())
	return nil
}

// Reset implements smtp.Session.
func (s *mailSession) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *mailSession) Logout() error { return nil }

// messageID returns a message's Message-ID, or "" when it has none.
func messageID(message []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(m.Header.Get("Message-ID"))
}
