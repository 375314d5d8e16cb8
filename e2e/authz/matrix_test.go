package authz_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// atOnce is how many callers call at a time: some wait for events and for hashes.
const atOnce = 16

// Everybody gets what the table states for them, over every protocol, on both ports: what is
// let in does its work, what is refused changes nothing, and what is another's answers like
// what is missing.
func TestMatrix(t *testing.T) {
	t.Parallel()
	table := readTable(t)
	s := openShop(t, nil)
	s.prepare()
	m, bad := newMatrix(s), newMatrix(s)
	var both sync.WaitGroup
	both.Go(func() {
		m.try(table, columns)
		m.try(onceAn(table, dead), []string{dead})
	})
	both.Go(func() { bad.tryBadTokens(table) }) // while others wait for hashes and events
	both.Wait()
	m.report(t, "calls as every caller")
	bad.report(t, "calls with tokens that are not good")
	s.tryGETs(t)
}

// matrix compares what callers get with the table.
type matrix struct {
	*shop

	methods map[string]protoreflect.MethodDescriptor
	// ways leaves out some ways of a call; nil leaves out none.
	ways func(way) bool

	mu      sync.Mutex
	cells   int
	wrong   []mismatch
	refused map[string]map[string][]string // the texts of what is missing, by RPC and text
	before  []kept
}

// mismatch is a cell that is not what the table states.
type mismatch struct {
	row       row
	caller    string
	by        way
	want, got string
}

// refusedOnes is the caller of a mismatch that is in no cell: calls that were to be refused
// changed something.
const refusedOnes = "who was to be refused"

func (m mismatch) String() string {
	return fmt.Sprintf("%s, %s by %s: %s, want %s", m.row, m.caller, m.by, m.got, m.want)
}

// kept is what refused calls must not have changed.
type kept struct {
	row     row
	request proto.Message
	state   proto.Message
}

func newMatrix(s *shop) *matrix {
	return &matrix{shop: s, methods: allMethods(), refused: make(map[string]map[string][]string)}
}

// try makes the calls of some columns of some rows.
func (m *matrix) try(rows []row, columns []string) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, r := range rows {
		turned := sync.OnceValue(func() proto.Message { return m.sharedRequest(r) })
		for _, column := range columns {
			if r.cells[column] == none {
				continue
			}
			group.Go(func() error {
				m.guard(r, column, func() {
					for i, c := range m.callersOf(column, r) {
						m.tryCaller(r, c, i == 0, turned)
					}
				})
				return nil
			})
		}
	}
	_ = group.Wait() // what is wrong is noted
	for _, k := range m.before {
		m.guard(k.row, owner, func() {
			if after := fixtures[k.row.rpc].read(m.shop, k.request); !proto.Equal(k.state, after) {
				m.note(mismatch{row: k.row, caller: refusedOnes, want: prototext.Format(k.state), got: prototext.Format(after)})
			}
		})
	}
}

// first is the first column whose callers the row's RPC lets in.
func (r row) first() string {
	for _, column := range columns {
		if word := r.cells[column]; word != none && word != "unauth" && word != "denied" {
			return column
		}
	}
	return ""
}

// guard notes when a fixture can't prepare what a cell needs.
func (m *matrix) guard(r row, caller string, do func()) {
	defer func() {
		if failure := recover(); failure != nil {
			why, is := failure.(unprepared)
			if !is {
				panic(failure)
			}
			m.note(mismatch{row: r, caller: caller, want: r.cells[caller], got: "it could not be prepared: " + why.err.Error()})
		}
	}()
	do()
}

// sharedRequest is the request of a row that all callers make who are refused.
func (m *matrix) sharedRequest(r row) proto.Message {
	made := fixtures[r.rpc]
	request := made.request(&cell{shop: m.shop, row: r, as: caller{column: nobody}})
	if made.read != nil && r.about != missing {
		if state := made.read(m.shop, request); state != nil {
			m.mu.Lock()
			m.before = append(m.before, kept{r, request, state})
			m.mu.Unlock()
		}
	}
	return request
}

// tryCaller makes the calls of a caller, who is the first of their column or not.
func (m *matrix) tryCaller(r row, c caller, first bool, turned func() proto.Message) {
	method, made, want := m.methods[r.rpc], fixtures[r.rpc], r.cells[c.column]
	for _, by := range waysTo(method) {
		if m.ways != nil && !m.ways(by) {
			continue
		}
		here := cell{shop: m.shop, row: r, as: c}
		var request proto.Message
		expected := want
		switch {
		case r.ports == internal && by.port == api:
			expected, request = absent, turned()
		case !first && by != way{connectPOST, internal}: // of a column's others it is enough who they are
			continue
		case want == "unauth" || want == "denied" || want == "step_up" || words[want].code == connect.CodeNotFound && r.about != missing && !r.ofGuest():
			request = turned()
		case made.dear && (want == ok || want == "credentials") && (!first || !by.triedBy(c.column == r.first())):
			continue
		default:
			request = made.request(&here)
		}
		got := m.wire.call(m.t.Context(), by, method, request, here.as.header(contextOf(method)))
		if got.body != nil && here.answer != nil {
			if err := here.answer(got.body); err != nil {
				got = failed(err)
			}
		}
		m.count(r, got, mismatch{r, c.String(), by, expected, got.word(expected)})
	}
}

// triedBy reports whether a dear call is made in this way: by one caller over every protocol
// and on both ports, by the first caller of each other column over one.
func (w way) triedBy(whole bool) bool {
	return w.protocol == connectPOST && w.port == api || whole && (w.port == api || w.protocol == connectPOST)
}

// count notes a cell.
func (m *matrix) count(r row, got answer, cell mismatch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cells++
	if cell.got != cell.want {
		if got.err != nil {
			cell.got = got.err.Error()
		}
		m.wrong = append(m.wrong, cell)
	}
	if got.code == connect.CodeNotFound && cell.got != absent {
		what := r.rpc + " (" + cell.got + ")"
		texts := m.refused[what]
		if texts == nil {
			texts = make(map[string][]string)
			m.refused[what] = texts
		}
		texts[got.text()] = append(texts[got.text()], fmt.Sprintf("%s about %s by %s", cell.caller, r.about, cell.by))
	}
}

func (m *matrix) note(wrong mismatch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrong = append(m.wrong, wrong)
}

// onceAn is a row of each RPC in which callers of a column are refused for their token alone,
// before what the request is about is looked at.
func onceAn(table []row, column string) []row {
	var all []row
	for _, r := range table {
		if !slices.ContainsFunc(all, func(other row) bool { return other.rpc == r.rpc }) {
			r.cells = map[string]string{column: "unauth"}
			all = append(all, r)
		}
	}
	return all
}

// report fails the test for each cell that is wrong, and for each RPC that answers in several
// ways about what is missing.
func (m *matrix) report(t *testing.T, what string) {
	t.Helper()
	for _, wrong := range m.wrong {
		t.Error(wrong)
	}
	for _, rpc := range slices.Sorted(maps.Keys(m.refused)) {
		if texts := m.refused[rpc]; len(texts) > 1 {
			t.Errorf("%s answers differently about what is missing:", rpc)
			for _, text := range slices.Sorted(maps.Keys(texts)) {
				t.Errorf("  %s: %d times, first as %s", text, len(texts[text]), texts[text][0])
			}
		}
	}
	t.Logf("%d cells: %s", m.cells, what)
}

// No RPC with side effects takes a GET, whoever calls.
func (s *shop) tryGETs(t *testing.T) {
	t.Helper()
	shown := testkit.HTTP(t, testkit.Owner())
	for name, method := range allMethods() {
		if readsOnly(method) {
			continue
		}
		res := must(shown.Get(s.Internal + contracts.Procedure(method) + "?connect=v1&encoding=json&message=%7B%7D"))
		_ = res.Body.Close()
		if res.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("GET of %s: status %d", name, res.StatusCode)
		}
	}
}
