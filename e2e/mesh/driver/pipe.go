package main

import (
	"context"
	"flag"
	"io"
	"net"
	"os"
)

// pipe joins a connection to standard input and output, so that a browser beside the tests
// calls from here.
func pipe(ctx context.Context, args []string) (any, error) {
	var address string
	if err := parse("pipe", args, func(f *flag.FlagSet) {
		f.StringVar(&address, "address", "", "host:port")
	}); err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.Close() // the browser is gone, or its connection is
	}()
	_, _ = io.Copy(os.Stdout, conn)
	return nil, nil
}
