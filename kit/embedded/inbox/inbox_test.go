package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/internal/embeddedtest"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func TestMain(m *testing.M) {
	embeddedtest.Main(m, map[string]embeddedtest.Part{"send": sendForEver})
}

func open(t *testing.T, dir string) *Inbox {
	t.Helper()
	i, err := Open(dir, "127.0.0.1:0", embeddedtest.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- i.Serve() }()
	t.Cleanup(func() {
		closeInbox(t, i)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return i
}

func closeInbox(t *testing.T, i *Inbox) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	if err := i.Close(ctx); err != nil {
		t.Error(err)
	}
}

func dial(t *testing.T, addr string) *smtp.Client {
	t.Helper()
	client, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func send(client *smtp.Client, message string, to ...string) error {
	return client.SendMail("shop@example.com", to, strings.NewReader(message))
}

func message(id, subject string) string {
	return "Message-ID: <" + id + "@example.com>\r\nSubject: " + subject + "\r\n\r\nHello.\r\n"
}

func allMails(t *testing.T, i *Inbox) []Mail {
	t.Helper()
	var mails []Mail
	for m, err := range i.Mails() {
		if err != nil {
			t.Fatal(err)
		}
		mails = append(mails, m)
	}
	return mails
}

func subjects(mails []Mail) []string {
	var all []string
	for _, m := range mails {
		all = append(all, m.Subject)
	}
	return all
}

// Mails outlive a restart and are listed newest first; a repeated Message-ID is answered and
// kept once, before the restart and after it.
func TestInboxKeepsEachMailOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	client := dial(t, first.Addr())
	for _, m := range []string{message("1", "one"), message("2", "two"), message("1", "one again"), "Subject: unnamed\r\n\r\n", "Subject: unnamed\r\n\r\n"} {
		if err := send(client, m, "ada@example.com", "bob@example.com"); err != nil {
			t.Fatal(err)
		}
	}
	closeInbox(t, first)

	second := open(t, dir)
	if err := send(dial(t, second.Addr()), message("2", "two again"), "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	mails := allMails(t, second)
	if got, want := subjects(mails), []string{"unnamed", "unnamed", "two", "one"}; !slices.Equal(got, want) {
		t.Fatalf("mails %q, want %q", got, want)
	}
	if want := []string{"ada@example.com", "bob@example.com"}; !slices.Equal(mails[0].To, want) || mails[0].From != "shop@example.com" {
		t.Errorf("from %s to %v, want shop@example.com to %v", mails[0].From, mails[0].To, want)
	}
	if _, err := Open(dir, "127.0.0.1:0", embeddedtest.Log(t)); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("second open of one folder: %v", err)
	}
}

// The same mail comes over many connections at once: all are answered, one is kept.
func TestInboxKeepsOneOfMailsSentAtOnce(t *testing.T) {
	t.Parallel()
	i := open(t, t.TempDir())
	var senders sync.WaitGroup
	for range 8 {
		client := dial(t, i.Addr())
		senders.Go(func() {
			for n := range 20 {
				if err := send(client, message(fmt.Sprint(n), "same"), "ada@example.com"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	if got := len(allMails(t, i)); got != 20 {
		t.Errorf("%d mails are kept, want 20", got)
	}
}

// A mail that was answered with 250 is there after a kill, and is kept once when it is sent again.
func TestInboxLosesNothingWhenKilled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	var acknowledged []string
	for range 3 {
		process := embeddedtest.Start(t, "send", dir)
		acknowledged = append(acknowledged, process.Read(t, 200)...)
		acknowledged = append(acknowledged, process.Kill(t)...)
	}
	data := embeddedtest.OpenDataDir(t, dir)
	i := open(t, data.Inbox())
	kept := subjects(allMails(t, i))
	slices.Sort(kept)
	for _, subject := range acknowledged {
		if _, found := slices.BinarySearch(kept, subject); !found {
			t.Errorf("mail %s was acknowledged and is lost", subject)
		}
	}
	client := dial(t, i.Addr())
	for _, subject := range acknowledged {
		if err := send(client, message(subject, subject), "ada@example.com"); err != nil {
			t.Fatal(err)
		}
	}
	if _, again := i.log.numbers(); again != len(kept) {
		t.Errorf("%d mails after the retries, want %d", again, len(kept))
	}
}

// sendForEver is a process's part: it sends mails over four connections and prints each that was answered with 250.
func sendForEver(_ context.Context, dir string) error {
	data, err := datadir.Open(dir)
	if err != nil {
		return err
	}
	defer data.Close()
	i, err := Open(data.Inbox(), "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	failed := make(chan error)
	go func() { failed <- i.Serve() }()
	for sender := range 4 {
		go func() {
			client, err := smtp.Dial(i.Addr())
			for n := 0; err == nil; n++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), sender, n)
				if err = send(client, message(id, id), "ada@example.com"); err == nil {
					fmt.Println(id)
				}
			}
			failed <- err
		}()
	}
	return <-failed
}

// A crash may leave half a mail at the end, up to any byte: it is cut off, and the log goes on.
func TestInboxCutsATornEnd(t *testing.T) {
	t.Parallel()
	whole, _, err := encodeRecord(envelope{MessageID: "torn"}, []byte("Subject: torn\r\n\r\nbody"))
	if err != nil {
		t.Fatal(err)
	}
	garbled := slices.Clone(whole)
	garbled[len(garbled)-1] ^= 1
	tails := map[string][]byte{"a body that was not written": garbled, "zeroes": make([]byte, 4096)}
	for _, length := range []int{1, recordHeadSize - 1, recordHeadSize, recordHeadSize + 5, len(whole) - 1} {
		tails[fmt.Sprint(length, " bytes")] = whole[:length]
	}
	for name, tail := range tails {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			before := open(t, dir)
			if err := send(dial(t, before.Addr()), message("1", "whole"), "ada@example.com"); err != nil {
				t.Fatal(err)
			}
			closeInbox(t, before)
			appendTo(t, filepath.Join(dir, mailLogName), tail)

			after := open(t, dir)
			if err := send(dial(t, after.Addr()), message("torn", "sent again"), "ada@example.com"); err != nil {
				t.Fatal(err)
			}
			closeInbox(t, after)
			if got, want := subjects(allMails(t, open(t, dir))), []string{"sent again", "whole"}; !slices.Equal(got, want) {
				t.Errorf("mails %q, want %q", got, want)
			}
		})
	}
}

func appendTo(t *testing.T, path string, tail []byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(tail); err != nil {
		t.Fatal(err)
	}
}

// A mail that is too large is refused for good, one that can't be stored for now, so that its
// sender tries again.
func TestInboxRefusesWhatItCannotKeep(t *testing.T) {
	t.Parallel()
	i := open(t, t.TempDir())
	large := message("large", "large") + strings.Repeat(strings.Repeat("x", 1000)+"\r\n", maxMessageBytes/1000)
	err := send(dial(t, i.Addr()), large, "ada@example.com")
	if answer := new(smtp.SMTPError); !errors.As(err, &answer) || answer.Code != 552 {
		t.Errorf("a large mail: %v, want 552", err)
	}
	client := dial(t, i.Addr())
	if err := i.log.close(); err != nil {
		t.Fatal(err)
	}
	err = send(client, message("1", "one"), "ada@example.com")
	if answer := new(smtp.SMTPError); !errors.As(err, &answer) || answer.Code != 451 {
		t.Errorf("a mail for a closed log: %v, want 451", err)
	}
}

// A mail whose sender was cut off in the middle of it is not refused for good: the
// answer may still reach the sender.
func TestInboxTakesABrokenMailLater(t *testing.T) {
	t.Parallel()
	i := open(t, t.TempDir())
	conn, err := net.Dial("tcp", i.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "EHLO x\r\nMAIL FROM:<shop@example.com>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\nSubject: half"); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answers, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(answers)), "\r\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "451 4.4.2 ") {
		t.Errorf("it answered %q", lines)
	}
	if n := len(allMails(t, i)); n != 0 {
		t.Errorf("%d mails are kept", n)
	}
}

// Connections share syncs: what waits when one begins is written together. Together, 8 of them
// store more than 2000 mails a second; the test logs what it measured.
func TestInboxSharesSyncs(t *testing.T) {
	t.Parallel()
	waiting := &mailLog{queue: make(chan delivery, 2)}
	waiting.queue <- delivery{}
	waiting.queue <- delivery{}
	if n := len(waiting.gather(delivery{})); n != 3 {
		t.Errorf("%d of 3 mails are written together", n)
	}
	const senders, each = 8, 250
	i := open(t, t.TempDir())
	begin := time.Now()
	var sending sync.WaitGroup
	for sender := range senders {
		client := dial(t, i.Addr())
		sending.Go(func() {
			for n := range each {
				id := fmt.Sprintf("%d-%d", sender, n)
				if err := send(client, message(id, id), "ada@example.com"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	sending.Wait()
	t.Logf("%.0f mails per second", float64(senders*each)/time.Since(begin).Seconds())
	if _, got := i.log.numbers(); got != senders*each {
		t.Errorf("%d mails, want %d", got, senders*each)
	}
}

// An inbox that is closed ends its connections, idle ones too.
func TestInboxEndsCleanly(t *testing.T) {
	t.Parallel()
	i := open(t, t.TempDir())
	idle := dial(t, i.Addr())
	if err := idle.Hello("localhost"); err != nil {
		t.Fatal(err)
	}
	closeInbox(t, i)
	if err := idle.Noop(); err == nil {
		t.Error("an idle connection outlives the inbox")
	}
}

const mimeMail = "Message-ID: <mime@example.com>\r\n" +
	"Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= =?ISO-8859-1?B?/A==?=\r\n" +
	"X-Trace: a\r\nX-Trace: b\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=outer\r\n\r\n" +
	"--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n" +
	"--inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"Caf=C3=A9 costs =E2=82=AC2, a line that is =\r\nbroken\r\n" +
	"--inner\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
	"PHA+Q2Fm6TwvcD48c2NyaXB0PmFsZXJ0KDEp\r\nPC9zY3JpcHQ+\r\n" +
	"--inner--\r\n" +
	"--outer\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nnot the text\r\n--outer--\r\n"

// The newest mails are kept within bounds: the oldest are removed file by file, the others keep
// their numbers, their Message-IDs stay known, and a restart finds the same.
func TestInboxKeepsTheNewest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bounds := mailBounds{segment: 2 << 10, total: 16 << 10}
	open := func() *Inbox {
		i, err := openWithin(dir, "127.0.0.1:0", bounds, embeddedtest.Log(t))
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	const sent = 300
	i := open()
	for n := range sent {
		name := fmt.Sprint(n)
		if err := i.log.store(envelope{To: []string{"ada@example.com"}, MessageID: name}, []byte(message(name, name))); err != nil {
			t.Fatal(err)
		}
	}
	oldest, next := i.log.numbers()
	if next != sent || oldest == 0 || sent-oldest < 30 {
		t.Fatalf("mails %d to %d of %d are kept", oldest, next, sent)
	}
	mails := allMails(t, i)
	if len(mails) != next-oldest || mails[0].Subject != fmt.Sprint(sent-1) || mails[0].Number != sent || mails[len(mails)-1].Number != oldest+1 {
		t.Errorf("%d mails, the newest %q with number %d, the oldest with %d", len(mails), mails[0].Subject, mails[0].Number, mails[len(mails)-1].Number)
	}
	if len(i.log.known) != len(mails) {
		t.Errorf("%d Message-IDs are in memory for %d mails", len(i.log.known), len(mails))
	}
	if _, err := i.mail(0); !errors.Is(err, io.EOF) {
		t.Errorf("the first mail: %v", err)
	}
	var size int64
	extents, err := Extents(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extents {
		size += e.Size
	}
	if size > bounds.total+2*bounds.segment || len(extents) < 4 {
		t.Errorf("%d files of %d bytes", len(extents), size)
	}
	closeInbox(t, i)

	i = open()
	if got := allMails(t, i); !slices.Equal(subjects(got), subjects(mails)) {
		t.Errorf("after a restart: %v, before: %v", subjects(got), subjects(mails))
	}
	name := fmt.Sprint(oldest)
	if err := i.log.store(envelope{MessageID: name}, []byte(message(name, name))); err != nil {
		t.Fatal(err)
	}
	if _, again := i.log.numbers(); again != sent {
		t.Error("a mail that is kept was stored twice")
	}
	closeInbox(t, i)

	// A file that is missing in the middle is no crash's work.
	if err := os.Remove(filepath.Join(dir, extents[len(extents)/2].Name)); err != nil {
		t.Fatal(err)
	}
	if _, err := openWithin(dir, "127.0.0.1:0", bounds, embeddedtest.Log(t)); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("opened with a file missing: %v", err)
	}
}
