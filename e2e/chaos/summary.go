package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// summary is what a round came to.
type summary struct {
	kills                                      map[string][2]int
	fewest                                     int
	faults                                     map[string]int
	states                                     map[string]int
	outcomes                                   map[string]int
	denied                                     map[string]int
	resolved                                   map[string]int
	lost                                       map[string]int
	internal                                   map[string]string
	orders, repeats, exhausted, died, findings int
	outages                                    int
	kinds                                      map[string]int    // of the findings
	first                                      map[string]string // by kind: one of them
	complaints                                 map[string]int    // what was logged since the faults were over
}

func newSummary() *summary {
	return &summary{
		kills: map[string][2]int{}, faults: map[string]int{}, states: map[string]int{}, outcomes: map[string]int{}, denied: map[string]int{},
		resolved: map[string]int{}, lost: map[string]int{}, internal: map[string]string{},
		kinds: map[string]int{}, first: map[string]string{}, complaints: map[string]int{},
	}
}

func summarize(d *driver, c *counts, died int) *summary {
	s := newSummary()
	maps.Copy(s.kills, c.kills)
	maps.Copy(s.faults, c.faults)
	v := d.book.view()
	for state, n := range v.byState {
		if n > 0 {
			s.states[short(state)] = n
		}
	}
	for _, f := range d.book.findings {
		if s.kinds[f.kind]++; s.kinds[f.kind] == 1 {
			s.first[f.kind] = f.String()
		}
	}
	d.tally.mu.Lock()
	defer d.tally.mu.Unlock()
	maps.Copy(s.outcomes, d.tally.outcomes)
	maps.Copy(s.denied, d.tally.denied)
	maps.Copy(s.resolved, d.tally.resolved)
	maps.Copy(s.lost, d.tally.lost)
	maps.Copy(s.internal, d.tally.internal)
	s.fewest, s.orders, s.died, s.findings = c.fewest, v.orders, died, len(d.book.findings)
	s.repeats, s.exhausted, s.outages = d.tally.repeats, d.tally.exhausted, c.outages
	return s
}

// add sums rounds up.
func (s *summary) add(o *summary) {
	for name, n := range o.kills {
		m := s.kills[name]
		s.kills[name] = [2]int{m[0] + n[0], m[1] + n[1]}
	}
	for into, from := range map[*map[string]int]map[string]int{
		&s.faults: o.faults, &s.states: o.states, &s.outcomes: o.outcomes, &s.denied: o.denied, &s.resolved: o.resolved, &s.lost: o.lost, &s.kinds: o.kinds,
		&s.complaints: o.complaints,
	} {
		for name, n := range from {
			(*into)[name] += n
		}
	}
	maps.Copy(s.internal, o.internal)
	maps.Copy(s.first, o.first)
	if s.fewest == 0 || o.fewest != 0 && o.fewest < s.fewest {
		s.fewest = o.fewest
	}
	s.orders += o.orders
	s.repeats += o.repeats
	s.exhausted += o.exhausted
	s.outages += o.outages
	s.died += o.died
	s.findings += o.findings
}

func (s *summary) print(title string) {
	counted, all, faults := 0, 0, 0
	for _, n := range s.kills {
		counted, all = counted+n[0], all+n[1]
	}
	for _, n := range s.faults {
		faults += n
	}
	fmt.Printf("\n== summary of %s\n", title)
	fmt.Printf("kills: %d that count (at least %d orders under way; the fewest were %d), %d in all\n", counted, enough, s.fewest, all)
	for _, name := range slices.Sorted(maps.Keys(s.kills)) {
		fmt.Printf("  %-42s %4d of %d\n", name, s.kills[name][0], s.kills[name][1])
	}
	table(fmt.Sprintf("other faults: %d", faults), s.faults)
	table(fmt.Sprintf("orders: %d acknowledged, their final states", s.orders), s.states)
	table("writes by what their clients know", s.outcomes)
	table("refused as they had to be", s.denied)
	table("writes that were unknown for a while, and resolved by retrying", s.resolved)
	table("attempts without an answer, by code", s.lost)
	for kind, message := range s.internal {
		fmt.Printf("  INTERNAL was answered to %s: %s\n", kind, message)
	}
	fmt.Printf("repeats of acknowledged requests: %d; refused for load: %d; programs that ended by themselves: %d\n", s.repeats, s.exhausted, s.died)
	fmt.Printf("times that orders were confirmed without config: %d\n", s.outages)
	fmt.Printf("findings: %d\n", s.findings)
	for _, kind := range slices.Sorted(maps.Keys(s.kinds)) {
		fmt.Printf("  %-42s %4d, such as %s\n", kind, s.kinds[kind], inShort(s.first[kind]))
	}
	if len(s.complaints) > 0 {
		s.printComplaints()
	}
}

// printComplaints prints the most frequent ones.
func (s *summary) printComplaints() {
	const most = 12
	fmt.Println("what the shop's programs warned of when the faults were over")
	texts := slices.SortedFunc(maps.Keys(s.complaints), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.complaints[b], s.complaints[a]), cmp.Compare(a, b))
	})
	for _, text := range texts[:min(most, len(texts))] {
		fmt.Printf("  %4d times %s\n", s.complaints[text], text)
	}
}

func table(title string, rows map[string]int) {
	fmt.Println(title)
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		fmt.Printf("  %-42s %4d\n", name, rows[name])
	}
}
