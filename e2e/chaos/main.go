// Command chaos sells at a shop, breaks every part of it again and again, and then
// compares what is left with what its customers were answered.
//
//	chaos -seed 7 -minutes 20 -shape both
//
// The seed fixes what is ordered and which faults follow each other, not the times
// at which the machine lets them happen. It exits 1 when there is a finding, and 2
// when it could not run. It needs Linux, because it looks for PostgreSQL's processes
// in /proc.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

func main() {
	var o options
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "what is random comes from it")
	flag.Float64Var(&o.minutes, "minutes", 20, "how long to sell and to break; starting and checking come on top")
	flag.StringVar(&o.shape, "shape", "both", "one (process), many, or both in turn")
	flag.StringVar(&o.kafka, "kafka", os.Getenv("SHOPMESH_TEST_KAFKA_LIB"), "`folder` with Apache Kafka's jars, for the shape of many processes")
	flag.IntVar(&o.window, "window", 400, "orders under way at the most")
	inbox := flag.String("serve-inbox", "", "serve as the mail server on a `folder`; chaos starts itself so")
	flag.Parse()
	if *inbox != "" {
		if err := serveInbox(*inbox); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxiproxy logs every slice otherwise
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	findings, err := runAll(ctx, o)
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	case findings > 0:
		os.Exit(1)
	}
}
