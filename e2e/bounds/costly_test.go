package bounds_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/shopmesh/shopmesh/e2e/internal/rest"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// tryCostly makes the requests that the handlers take, or refuse late, and that give
// them as much to do as a request can.
func (s *shop) tryCostly(t *testing.T, found worst, methods []protoreflect.MethodDescriptor) {
	t.Helper()
	for _, method := range methods {
		message := s.plausible(method.Input())
		s.try(t, found, "plausible requests", method, "plausible", s.messageOver(method, message)...)
		s.tryTexts(t, found, method, message)
		s.tryDistinct(t, found, method, message)
		s.tryLists(t, found, method)
		s.tryMasks(t, found, method, message)
		s.tryLargest(t, found, method)
	}
}

// The texts that are dear to normalize, to fold, to read as a domain or to measure.
func costlyTexts(most int) map[string]string {
	return map[string]string{
		"combining marks":   "e" + strings.Repeat("\u0301", most-1),
		"marks of classes":  "a" + upTo(most-1, "\u0316\u0301\u0345\u0300\u0327"),
		"expanding letters": strings.Repeat("\ufdfa", most), // 18 letters each in NFKC
		"Hangul":            upTo(most, "\u1100\u1161\u11a8"),
		"joined emoji":      upTo(most, "\U0001f469\u200d"),
		"IDNA labels":       "a@" + upTo(max(most-4, 1), "\u00fc.") + "de",
		"long IDNA label":   "a@" + strings.Repeat("\u00fc", max(most-5, 1)) + ".de",
		"A-labels":          "a@" + upTo(max(most-4, 1), "xn--tda.") + "de",
		"Punycode":          "a@xn--" + strings.Repeat("9", max(most-9, 1)) + ".de",
		"quotes":            strings.Repeat(`"`, most),
		"digits":            strings.Repeat("9", most),
		"blanks":            "a" + strings.Repeat("\u00a0", most-1),
		"invisible":         strings.Repeat("\u200b", most),
	}
}

// upTo repeats a text to a number of characters.
func upTo(most int, text string) string {
	runes := []rune(strings.Repeat(text, most/len([]rune(text))+1))
	return string(runes[:most])
}

// tryTexts puts each costly text, as long as the contract lets it be, into each text of
// a request that is plausible otherwise.
func (s *shop) tryTexts(t *testing.T, found worst, method protoreflect.MethodDescriptor, plausible proto.Message) {
	t.Helper()
	turn := 0
	walkFields(method.Input(), nil, func(path []protoreflect.FieldDescriptor) {
		field := path[len(path)-1]
		if field.Kind() != protoreflect.StringKind || field.IsMap() {
			return
		}
		for name, text := range costlyTexts(longest(field)) {
			message := proto.Clone(plausible)
			put(message.ProtoReflect(), path, text, mostListItems)
			all := s.messageOver(method, message)
			turn++
			s.try(t, found, "costly texts", method, pathName(path)+" of "+name, all[turn%len(all)])
		}
	})
}

// mostListItems is how many items of lists a request may hold in every codec.
const mostListItems = 1600

// tryDistinct fills each list of messages of a plausible request with items that all differ in
// their first field, as many as a request may hold in every codec, whatever the contract lets
// the list have: a rule that compares each with each has the most to do, and is evaluated
// before the length is.
func (s *shop) tryDistinct(t *testing.T, found worst, method protoreflect.MethodDescriptor, plausible proto.Message) {
	t.Helper()
	walkFields(method.Input(), nil, func(path []protoreflect.FieldDescriptor) {
		field := path[len(path)-1]
		if !field.IsList() || field.Message() == nil || field.Message().Fields().Len() == 0 {
			return
		}
		first := field.Message().Fields().Get(0)
		if _, ok := scalar(first, 0); !ok {
			return
		}
		message := proto.Clone(plausible)
		within := message.ProtoReflect()
		for _, step := range path[:len(path)-1] {
			if step.IsList() {
				within = within.Mutable(step).List().AppendMutable().Message()
			} else {
				within = within.Mutable(step).Message()
			}
		}
		list := within.Mutable(field).List()
		list.Truncate(0)
		for i := range mostListItems {
			value, _ := scalar(first, i)
			list.AppendMutable().Message().Set(first, value)
		}
		s.try(t, found, "items that differ", method, pathName(path), s.messageOver(method, message)...)
	})
}

// scalar is the n-th value of a field, and false where it holds no text and no whole number.
func scalar(field protoreflect.FieldDescriptor, n int) (protoreflect.Value, bool) {
	switch kind := field.Kind(); {
	case field.IsList() || field.IsMap():
		return protoreflect.Value{}, false
	case kind == protoreflect.StringKind:
		return protoreflect.ValueOfString(strconv.Itoa(n)), true
	case kind == protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n)), true //nolint:gosec // a count
	case kind == protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(n)), true //nolint:gosec // a count
	case kind == protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(n)), true
	default:
		return protoreflect.Value{}, false
	}
}

// longest is how many characters the contract lets a field have.
func longest(field protoreflect.FieldDescriptor) int {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if rules.GetRepeated() != nil {
		rules = rules.GetRepeated().GetItems()
	}
	switch text := rules.GetString(); {
	case text.GetMaxLen() > 0:
		return int(text.GetMaxLen()) //nolint:gosec // a contract's bound
	case text.GetMaxBytes() > 0:
		return int(text.GetMaxBytes() / 3) //nolint:gosec // a contract's bound
	case text.GetUuid():
		return 36
	default:
		return 200 // the bound of an address's parts, which a rule of the message states
	}
}

// put sets a field, and of a list all items that it may have; lists within lists have room
// items together.
func put(message protoreflect.Message, path []protoreflect.FieldDescriptor, text string, room int) {
	field := path[0]
	items := min(mostItems(field), room)
	switch {
	case len(path) == 1 && field.IsList():
		list := message.Mutable(field).List()
		list.Truncate(0)
		for range items {
			list.Append(protoreflect.ValueOfString(text))
		}
	case len(path) == 1:
		message.Set(field, protoreflect.ValueOfString(text))
	case field.IsList():
		list := message.Mutable(field).List()
		for list.Len() < items {
			list.AppendMutable()
		}
		for i := range list.Len() {
			put(list.Get(i).Message(), path[1:], text, max(room/list.Len(), 1))
		}
	default:
		put(message.Mutable(field).Message(), path[1:], text, room)
	}
}

func mostItems(field protoreflect.FieldDescriptor) int {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if n := rules.GetRepeated().GetMaxItems(); n > 0 {
		return int(n) //nolint:gosec // a contract's bound
	}
	return 5 // the lines of an address
}

// tryLists requests all that lists return at once, by the longest filters, orders
// and page tokens. Which fields a list has is learned from its refusals.
func (s *shop) tryLists(t *testing.T, found worst, method protoreflect.MethodDescriptor) {
	t.Helper()
	if method.Input().Fields().ByName("page_size") == nil {
		return
	}
	list := func(values map[string]string) proto.Message {
		message := s.plausible(method.Input())
		m := message.ProtoReflect()
		for _, name := range []protoreflect.Name{"filter", "order_by", "page_token"} {
			if field := m.Descriptor().Fields().ByName(name); field != nil {
				m.Clear(field)
			}
		}
		m.Set(m.Descriptor().Fields().ByName("page_size"), protoreflect.ValueOfInt32(s.pageSize(method)))
		if total := m.Descriptor().Fields().ByName("include_total_size"); total != nil {
			m.Set(total, protoreflect.ValueOfBool(true))
		}
		for name, value := range values {
			if field := m.Descriptor().Fields().ByName(protoreflect.Name(name)); field != nil {
				m.Set(field, protoreflect.ValueOfString(value))
			}
		}
		return message
	}
	send := func(kind, name string, message proto.Message) (done int) {
		for _, r := range s.messageOver(method, message) {
			if s.tryNew(t, found, kind, method, name, func() request { return r }).ok() {
				done++
			}
		}
		return done
	}
	if send("largest pages", "the largest page", list(nil)) == 0 {
		t.Errorf("%s: no page of the largest size was returned", method.Name())
	}
	if method.Input().Fields().ByName("filter") != nil {
		for name, filter := range s.filters(t, method, list) {
			valid := strings.HasPrefix(name, "most ")
			if done := send("long filters", name, list(map[string]string{"filter": filter})); valid && done == 0 {
				t.Errorf("%s: %s was refused: %s", method.Name(), name, s.refusal(method, list(map[string]string{"filter": filter})))
			}
		}
	}
	for name, order := range s.orders(method, list) {
		send("long orders", name, list(map[string]string{"order_by": order}))
	}
	for name, token := range tokens() {
		send("page tokens", name, list(map[string]string{"page_token": token}))
	}
}

func (s *shop) pageSize(method protoreflect.MethodDescriptor) int32 {
	rules, _ := proto.GetExtension(method.Input().Fields().ByName("page_size").Options(), validate.E_Field).(*validate.FieldRules)
	return rules.GetInt32().GetLte()
}

var (
	fieldsOfFilter = regexp.MustCompile(`fields are ([a-z_, ]+)`)
	fieldsOfOrder  = regexp.MustCompile(`allowed are ([a-z_, ]+)`)
	wordsOfEnum    = regexp.MustCompile(`takes one of ([A-Z_]+)`)
)

// filters are the longest filters of a list: of each of its fields as many valid
// comparisons as fit, up to the 20 that are taken, as many words, and nonsense.
func (s *shop) filters(t *testing.T, method protoreflect.MethodDescriptor, list func(map[string]string) proto.Message) map[string]string {
	t.Helper()
	room := longest(method.Input().Fields().ByName("filter"))
	filters := map[string]string{
		"parentheses": strings.Repeat("(", room), "ANDs": upTo(room, "AND "), "a long word": strings.Repeat("\u0101", room),
		"many words": upTo(comparisons*2-1, "a "), "words of marks": strings.Repeat(`"e`+strings.Repeat("\u0301", room/8-4)+`" `, 8),
	}
	fields := fieldsOfFilter.FindStringSubmatch(s.refusal(method, list(map[string]string{"filter": "("})))
	if fields == nil {
		t.Errorf("%s: a filter's refusal does not name the fields", method.Name())
		return filters
	}
	for _, name := range strings.Split(fields[1], ", ") {
		literal := s.literal(method, name, room/20-len(name)-len(" =  AND "), list)
		if literal == "" {
			t.Errorf("%s: no literal fits %s", method.Name(), name)
			continue
		}
		one := name + " = " + literal
		more := " AND " + one
		filters["most comparisons of "+name] = one + strings.Repeat(more, min(comparisons-1, (room-len(one))/len(more)))
		filters["too many of "+name] = upTo(room, name+"="+literal+" AND ")
		filters["an open string of "+name] = name + ` = "` + strings.Repeat("\u0301", max(room-len(name)-4, 1))
	}
	return filters
}

// comparisons are how many a filter may have, words included.
const comparisons = 20

// literal finds what a field is compared with.
func (s *shop) literal(method protoreflect.MethodDescriptor, field string, room int, list func(map[string]string) proto.Message) string {
	marks := `"e` + strings.Repeat("\u0301", max(room-3, 1)) + `"`
	for _, literal := range []string{
		`"ada@example.com"`, marks, `"` + s.product + `"`, `"2026-01-31T00:00:00Z"`, "12.50", "12", "true", `"AAAA-AAAA"`, `"LAMP-1"`,
	} {
		refused := s.refusal(method, list(map[string]string{"filter": field + " = " + literal}))
		if refused == "" {
			return literal
		}
		if words := wordsOfEnum.FindStringSubmatch(refused); words != nil {
			return words[1]
		}
	}
	return ""
}

func (s *shop) orders(method protoreflect.MethodDescriptor, list func(map[string]string) proto.Message) map[string]string {
	field := method.Input().Fields().ByName("order_by")
	if field == nil {
		return nil
	}
	room := longest(field)
	orders := map[string]string{"commas": strings.Repeat(",", room), "blanks": strings.Repeat(" ", room-1) + "x", "one long word": strings.Repeat("\u0101", room)}
	if fields := fieldsOfOrder.FindStringSubmatch(s.refusal(method, list(map[string]string{"order_by": "?"}))); fields != nil {
		orders["all fields"] = strings.ReplaceAll(fields[1], ", ", " desc, ") + " desc"
		orders["all fields, again"] = upTo(room, strings.ReplaceAll(fields[1], ", ", ",")+",")
	}
	return orders
}

// tokens are page tokens that this shop never gave.
func tokens() map[string]string {
	const room = 2048
	encoded := func(text string) string {
		text = base64.RawURLEncoding.EncodeToString([]byte(text))
		return text[:min(len(text), room)]
	}
	return map[string]string{
		"not base64":   strings.Repeat("?", room),
		"nested lists": encoded(strings.Repeat("[", room*3/4)),
		"many values":  encoded(`{"v":1,"a":["` + strings.Repeat(`","`, room/5) + `"]}`),
		"long number":  encoded(`{"v":` + strings.Repeat("9", room*3/4-10) + `}`),
		"escapes":      encoded(`{"v":1,"s":"` + strings.Repeat(`\u0301`, room/9) + `"}`),
		"zeros":        strings.Repeat("A", room),
	}
}

// refusal is the text with which REST refuses a message, empty when it is taken.
func (s *shop) refusal(method protoreflect.MethodDescriptor, message proto.Message) string {
	r := s.messageOverREST(method, message)
	sent, err := http.NewRequest(r.verb, r.url, nil) //nolint:noctx // a question to a local server, which answers
	if err != nil {
		return err.Error()
	}
	res, err := s.clients.one.Do(sent)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode < 300 {
		return ""
	}
	body, _ := io.ReadAll(res.Body)
	return string(body)
}

// tryMasks sends the longest masks: each path that the resource has, again and again,
// keys of maps, and paths that it has not.
func (s *shop) tryMasks(t *testing.T, found worst, method protoreflect.MethodDescriptor, plausible proto.Message) {
	t.Helper()
	field := method.Input().Fields().ByName("update_mask")
	if field == nil {
		return
	}
	const count, room = 500, 500
	resource := method.Input().Fields().ByName(protoreflect.Name(rest.Routes(method)[0].Body))
	var there []string
	walkFields(resource.Message(), nil, func(path []protoreflect.FieldDescriptor) { there = append(there, pathName(path)) })
	masks := map[string]func(i int) string{
		"real paths":     func(i int) string { return there[i%len(there)] },
		"top level only": func(i int) string { return strings.SplitN(there[i%len(there)], ".", 2)[0] },
		"all":            func(int) string { return "*" },
		"keys":           func(i int) string { return fmt.Sprintf("attributes.k%d%s", i, strings.Repeat("k", room-20)) },
		"quoted keys":    func(int) string { return "attributes.`" + strings.Repeat("``", room/2-10) + "`" },
		"open backticks": func(int) string { return "`" + strings.Repeat("``", room/2-1) },
		"dots":           func(int) string { return strings.Repeat(".", room) },
		"nonsense":       func(i int) string { return fmt.Sprint(i) + strings.Repeat(".a", room/2-3) },
	}
	for name, path := range masks {
		paths := make([]string, count)
		for i := range paths {
			paths[i] = path(i)
		}
		message := proto.Clone(plausible)
		message.ProtoReflect().Set(field, protoreflect.ValueOfMessage((&fieldmaskpb.FieldMask{Paths: paths}).ProtoReflect()))
		binary, err := proto.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		s.try(t, found, "long masks", method, name, s.over(method, binary, nil)...)
	}
}

// tryLargest makes the valid requests that have the most in them.
func (s *shop) tryLargest(t *testing.T, found worst, method protoreflect.MethodDescriptor) {
	t.Helper()
	var build func() proto.Message
	switch method.FullName() {
	case "shopmesh.order.v1.OrderService.PlaceOrder":
		build = func() proto.Message { return s.largeOrder() }
	case "shopmesh.order.v1.OrderService.QuoteOrder":
		build = func() proto.Message { return &orderv1.QuoteOrderRequest{Lines: s.lines()} }
	case "shopmesh.catalog.v1.ProductService.BatchGetProducts":
		build = func() proto.Message { return &catalogv1.BatchGetProductsRequest{Codes: s.codes} }
	case "shopmesh.inventory.v1.InventoryService.BatchGetStock":
		build = func() proto.Message { return &inventoryv1.BatchGetStockRequest{ProductCodes: s.codes} }
	case "shopmesh.catalog.v1.ProductService.CreateProduct":
		build = func() proto.Message { return s.largeProduct() }
	case "shopmesh.catalog.v1.ProductService.BatchUpdateProducts":
		build = func() proto.Message { return s.updates() }
	case "shopmesh.inventory.v1.InventoryService.BatchAdjustStock":
		build = func() proto.Message { return s.adjustments() }
	default:
		return
	}
	for i := range s.messageOver(method, build()) {
		got := s.tryNew(t, found, "largest valid requests", method, "the largest", func() request { return s.messageOver(method, build())[i] })
		if !got.ok() {
			t.Errorf("%s, the largest, request %d: %s", method.Name(), i, got)
		}
	}
}

func (s *shop) largeProduct() *catalogv1.CreateProductRequest {
	message := s.plausible((&catalogv1.CreateProductRequest{}).ProtoReflect().Descriptor()).(*catalogv1.CreateProductRequest) //nolint:forcetypeassert // it is one of these
	message.RequestId, message.Product.Code = uuid.NewString(), uuid.NewString()
	message.Product.Name, message.Product.Description = upTo(200, "e\u0301"), upTo(10_000, "e\u0301")
	return message
}

// rows is how many a batch may have.
const rows = 50

// updates changes as many products as a batch may name, and the most of each.
func (s *shop) updates() *catalogv1.BatchUpdateProductsRequest {
	batch := &catalogv1.BatchUpdateProductsRequest{}
	for _, id := range s.ids[:rows] {
		batch.Requests = append(batch.Requests, &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{
			Id: id, Name: upTo(100, "e\u0301") + uuid.NewString(), Description: upTo(10_000, "e\u0301"),
		}})
	}
	return batch
}

func (s *shop) adjustments() *inventoryv1.BatchAdjustStockRequest {
	batch := &inventoryv1.BatchAdjustStockRequest{}
	for _, code := range s.codes[:rows] {
		batch.Requests = append(batch.Requests, &inventoryv1.AdjustStockRequest{
			RequestId: uuid.NewString(), ProductCode: code, Delta: 1, Reason: upTo(500, "e\u0301"),
		})
	}
	return batch
}
