package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
)

// serving is the line that the mail server prints when it serves.
type serving struct {
	SMTP string `json:"smtp"` // host:port
	Page string `json:"page"` // where /inbox.json is
}

// serveInbox is the mail server as a program of its own, which can be killed.
func serveInbox(dir string) error {
	inbox, err := inbox.Open(dir, "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	pages := &http.Server{Handler: inbox.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = pages.Serve(listener) }()
	go func() {
		<-ctx.Done()
		_ = pages.Close()
		closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = inbox.Close(closing)
	}()
	if err := json.NewEncoder(os.Stdout).Encode(serving{inbox.Addr(), "http://" + listener.Addr().String()}); err != nil {
		return err
	}
	return inbox.Serve()
}

// mailServer is that program as a part of the shop.
type mailServer struct {
	*component
	link *link
	at   atomic.Pointer[serving]
}

func startMailServer(n *network, dir string, log func(format string, args ...any)) (*mailServer, error) {
	m := &mailServer{}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	m.link, err = n.link("smtp", func(ctx context.Context) (net.Conn, error) {
		at := m.at.Load()
		if at == nil {
			return nil, fmt.Errorf("the mail server does not run")
		}
		return dialTCP(ctx, at.SMTP)
	})
	if err != nil {
		return nil, err
	}
	m.component = newComponent("smtp", log, func(began func(*process.Process)) error {
		read, write := io.Pipe()
		p, err := process.Start(process.Command{Path: self, Args: []string{"-serve-inbox", dir}, Stdout: write, Started: began})
		if err != nil {
			return err
		}
		go func() {
			<-p.Ended()
			_ = write.Close()
		}()
		text, err := bufio.NewReader(read).ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("the mail server ended before it served: %w", err)
		}
		var at serving
		if err := json.Unmarshal(text, &at); err != nil {
			return err
		}
		m.at.Store(&at)
		return nil
	})
	return m, nil
}
