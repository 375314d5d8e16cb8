package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// window of the comparisons below: enough for batches, too few for a queue.
const shapesWindow = 256

// hotProducts is how many products every order of the hot loop draws its lines from.
const hotProducts = 10

// hot compares orders of ten products with orders of all products, in turns.
func (b *bench) hot(ctx context.Context) error {
	var ratios []float64
	for range b.rounds {
		uniform, err := b.loop(ctx, shapesWindow, b.duration, 0)
		if err != nil {
			return err
		}
		all := b.pick
		b.pick = func() string { return productCode(rand.IntN(hotProducts)) }
		hot, err := b.loop(ctx, shapesWindow, b.duration, 0)
		b.pick = all
		if err != nil {
			return err
		}
		ratios = append(ratios, hot.rate()/uniform.rate())
		fmt.Printf("ten hot products in every order: %.0f/s beside %.0f/s of all products, CPU %.2f beside %.2f ms: ratio %.2f\n",
			hot.rate(), uniform.rate(), hot.perOrder(hot.cpu.all()), uniform.perOrder(uniform.cpu.all()), hot.rate()/uniform.rate())
	}
	fmt.Printf("median ratio of hot to uniform: %.2f\n\n", median(ratios))
	return nil
}

//go:embed past.sql
var pastSQL string

// flat measures what a long history costs: the rate beside pgbench's before and
// after the tables were filled with past products and orders. Nobody analyzes or
// vacuums by hand in between.
func (b *bench) flat(ctx context.Context) error {
	before, err := b.ratios(ctx)
	if err != nil {
		return err
	}
	if err := b.addPast(ctx); err != nil {
		return err
	}
	fresh := b.pick
	b.pick = func() string {
		if rand.IntN(2) == 0 {
			return fresh()
		}
		return fmt.Sprintf("PAST-%07d", rand.IntN(b.past))
	}
	defer func() { b.pick = fresh }()
	after, err := b.ratios(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("with %d past products and orders: %.2f times pgbench's rate, %.2f before: ratio %.2f\n\n", b.past, after, before, after/before)
	return b.searching(ctx)
}

// ratios is the median of the shop's rate beside pgbench's.
func (b *bench) ratios(ctx context.Context) (float64, error) {
	var ratios []float64
	for range b.rounds {
		p, err := b.pgbench(ctx, b.duration)
		if err != nil {
			return 0, err
		}
		r, err := b.loop(ctx, shapesWindow, b.duration, 0)
		if err != nil {
			return 0, err
		}
		fmt.Printf("%d under way: %.0f/s beside pgbench's %.0f/s, CPU %.2f ms\n", shapesWindow, r.rate(), p.rate, r.perOrder(r.cpu.all()))
		ratios = append(ratios, r.rate()/p.rate)
	}
	return median(ratios), nil
}

// addPast runs the script, each part in the database that it names.
func (b *bench) addPast(ctx context.Context) error {
	begin := time.Now()
	for part := range strings.SplitSeq(pastSQL, "\n-- shopmesh_") {
		name, statements, found := strings.Cut(part, "\n")
		if !found || strings.HasPrefix(part, "--") {
			continue
		}
		if err := b.runIn(ctx, "shopmesh_"+name, statements); err != nil {
			return fmt.Errorf("write the past of %s: %w", name, err)
		}
	}
	fmt.Printf("%d past products and orders written in %.0f s\n", b.past, time.Since(begin).Seconds())
	return nil
}

func (b *bench) runIn(ctx context.Context, database, statements string) (err error) {
	conn, err := connectAdmin(ctx, b.postgresDir(), database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for statement := range strings.SplitSeq(statements, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := conn.Exec(ctx, statement, b.past); err != nil {
			return err
		}
	}
	return nil
}
