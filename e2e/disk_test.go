//go:build faults && linux

package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// The disk that holds everything is full for a while: the broker and the inbox store
// nothing, PostgreSQL grows no table, and at last it ends and can't start. The log and readiness name what to do, in a
// few lines; once there is room, the shop goes on by itself, and no order that was
// accepted, no charge and no mail is lost.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := testkit.NewDisk(t, 700)
	s := &oneProcess{shop: shop{t: t}, data: filepath.Join(disk.Path, "data")}
	s.start()
	mug := s.sell(euros(5, 0), 1_000_000)
	all := newAccepted()
	ctx, cancel := context.WithCancel(t.Context())
	var selling sync.WaitGroup
	selling.Go(func() {
		for ctx.Err() == nil {
			s.placeMany(ctx, mug.GetCode(), 64, all.add)
		}
	})
	defer func() {
		cancel()
		selling.Wait()
	}()
	<-all.some
	disk.Fill()
	eventually(t, func(context.Context) error {
		if body := s.readiness(); !strings.Contains(body, "the disk is full: make room") {
			return errorf("readiness answers %s", body)
		}
		return nil
	})
	cancel()
	selling.Wait()
	// Each of those calls failed, and the log names their RPCs.
	if n := strings.Count(s.process.Log(), `"msg":"calls fail"`); n > 40 || strings.Contains(s.process.Log(), `"msg":"call failed"`) {
		t.Errorf("%d lines are about calls:\n%s", n, s.process.Log())
	} else {
		t.Logf("%d lines are about calls, of %d warnings", n, warnings(s.process.Log()))
	}
	// What PostgreSQL has kept free for its log is used up too, and it ends.
	eventually(t, func(ctx context.Context) error {
		for s.write(ctx) == nil {
		}
		if body := s.readiness(); strings.HasPrefix(body, `{"ready":true`) || !strings.Contains(body, "and it starts by itself") {
			return errorf("readiness answers %s", body)
		}
		return nil
	})
	if text := s.process.Log(); !strings.Contains(text, "the disk is full: make room") {
		t.Errorf("the log is:\n%s", text)
	}
	// It tries to start for some seconds more, and logs little.
	before := warnings(s.process.Log())
	select {
	case <-time.After(15 * time.Second):
	case <-s.process.Ended():
		t.Fatal("the shop ended")
	}
	if n := warnings(s.process.Log()) - before; n > 40 {
		t.Errorf("in 15 s the log got %d warnings more:\n%s", n, s.process.Log())
	}
	disk.Free()
	eventually(t, func(ctx context.Context) error {
		_, err := s.order.PlaceOrder(ctx, request("sandbox_ok", of(mug.GetCode(), 1)))
		return err
	})
	all.mustEnd(t, &s.shop)
	s.mustAudit()
	eventually(t, func(context.Context) error {
		if body := s.readiness(); strings.Contains(body, "disk") {
			return errorf("still %s", body)
		}
		return nil
	})
}

// write puts a mebibyte into the log of the shop's PostgreSQL.
func (s *oneProcess) write(ctx context.Context) error {
	address, err := postgres.AdminURL(filepath.Join(s.data, "postgres"), "shopmesh_order")
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "select pg_logical_emit_message(true, 'filler', repeat('x', 1 << 20))")
	return err
}
