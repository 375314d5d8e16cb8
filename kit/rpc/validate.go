package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"buf.build/go/protovalidate"
	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// requestCheck refuses a message that can't be read or that breaks a rule of its
// contract, with the first violations at once.
type requestCheck struct {
	validator protovalidate.Validator
	texts     textPlans
}

func newRequestCheck(validator protovalidate.Validator) *requestCheck {
	return &requestCheck{validator: validator}
}

func (c *requestCheck) intercept(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		return next(ctx, spec, &checkedStream{ServerStream: stream, check: c, ours: !foreign(spec.Procedure)})
	}
}

type checkedStream struct {
	connect.ServerStream

	check *requestCheck
	ours  bool
}

func (s *checkedStream) Receive(msg any) error {
	if err := s.ServerStream.Receive(msg); err != nil {
		return unreadable(err)
	}
	if message, ok := msg.(proto.Message); ok && s.ours {
		return s.check.message(message)
	}
	return nil
}

// Send distinguishes a client that is gone from a call of ours that failed.
func (s *checkedStream) Send(msg any) error {
	err := s.ServerStream.Send(msg)
	switch connect.CodeOf(err) {
	case connect.CodeCanceled, connect.CodeDeadlineExceeded:
		return gone().Because(err)
	default:
		return err
	}
}

func gone() *fault.Error {
	return fault.New(fault.Cancelled, fault.ReasonCancelled, "the caller went away")
}

// message returns a fault with the first maxViolations rules that a message breaks.
// Whether it breaks one is found out before they are collected: a violation costs some
// kilobytes while it is collected, and a message can break thousands.
func (c *requestCheck) message(message proto.Message) error {
	found := c.texts.nul(message.ProtoReflect())
	first, _, err := c.violations(message, failFast)
	if err != nil {
		return err
	}
	if len(first)+len(found) == 0 {
		return nil
	}
	limited := &evaluations{left: maxEvaluations}
	all, total, err := c.violations(message, protovalidate.WithFilter(limited))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		all = first // it is behind what the filter let through
	}
	total += len(found)
	if limited.left < 0 || len(found) > maxViolations {
		total = fault.Uncounted
	}
	return fault.FirstFields(maxViolations, total, append(found, all...)...)
}

var failFast = protovalidate.WithFailFast()

// violations returns the first rules that a message breaks, and how many it does.
func (c *requestCheck) violations(message proto.Message, option protovalidate.ValidationOption) ([]fault.Violation, int, error) {
	err := c.validator.Validate(message, option)
	if err == nil {
		return nil, 0, nil
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return nil, 0, fmt.Errorf("validate %s: %w", message.ProtoReflect().Descriptor().FullName(), err)
	}
	var all []fault.Violation
	for _, v := range invalid.Violations[:min(len(invalid.Violations), maxViolations+1)] {
		description := v.Proto.GetMessage()
		if description == "" {
			description = "breaks the rule " + v.Proto.GetRuleId()
		}
		all = append(all, fault.Violation{
			Field: protovalidate.FieldPathString(v.Proto.GetField()), Description: description, Rule: fault.RuleOf(v.Proto.GetRuleId()),
		})
	}
	return all, len(invalid.Violations), nil
}

// evaluations lets the validator evaluate a bounded number of fields and list items.
type evaluations struct{ left int }

// ShouldValidate implements protovalidate.Filter.
func (e *evaluations) ShouldValidate(message protoreflect.Message, descriptor protoreflect.Descriptor) bool {
	cost := 1
	if field, ok := descriptor.(protoreflect.FieldDescriptor); ok && message.Has(field) {
		switch {
		case field.IsList():
			cost += message.Get(field).List().Len()
		case field.IsMap():
			cost += message.Get(field).Map().Len()
		}
	}
	if e.left -= cost; e.left < 0 {
		return false
	}
	return true
}

// unreadable is what is wrong with a message that could not be received.
func unreadable(err error) error {
	if refused, ok := fault.Of(err); ok {
		return refused // what the codec refused
	}
	var coded *connect.Error
	if errors.Is(err, io.EOF) || !errors.As(err, &coded) {
		return err
	}
	switch coded.Code() {
	case connect.CodeResourceExhausted:
		return tooLarge().Because(err)
	case connect.CodeInvalidArgument, connect.CodeUnimplemented, connect.CodeInternal:
		// Connect names its own step first, REST has none.
		return malformed(strings.TrimPrefix(coded.Message(), "unmarshal message: ")).Because(err)
	case connect.CodeUnknown:
		// The body ended, or the connection broke, in the middle.
		return malformed("the request ended early").Because(err)
	case connect.CodeDeadlineExceeded:
		return late().Because(err)
	case connect.CodeCanceled:
		return gone().Because(err)
	default:
		return err
	}
}

func late() *fault.Error {
	return fault.New(fault.DeadlineExceeded, fault.ReasonDeadlineExceeded, "the request did not arrive in its time")
}

func tooLarge() *fault.Error {
	return fault.New(fault.Exhausted, fault.ReasonRequestTooLarge,
		"a request may hold %d bytes, after decompression: send less at once", MaxRequestBytes)
}

// malformed passes the parser's text on: it quotes the client's own request. The
// parser blurs its text with no-break spaces, so that nobody relies on it.
func malformed(text string) *fault.Error {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\u00a0", " "), "\uFFFD")
	const longest = 300
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return fault.New(fault.Invalid, fault.ReasonMalformedRequest, "the request can't be read: %s", text)
}

// textPlans remembers, for each kind of message, which fields hold text or lead
// to some, so that a message is walked along these alone.
type textPlans struct {
	plans sync.Map // protoreflect.MessageDescriptor → []protoreflect.FieldDescriptor
}

// nul returns a violation for every text field and map key that holds U+0000.
func (p *textPlans) nul(message protoreflect.Message) []fault.Violation {
	var found []fault.Violation
	p.walk(message, func() string { return "" }, &found)
	return found
}

// walk takes the path as a function: it is needed only for what is wrong.
func (p *textPlans) walk(message protoreflect.Message, path func() string, found *[]fault.Violation) {
	for _, field := range p.fields(message.Descriptor()) {
		if !message.Has(field) || len(*found) > maxViolations {
			continue
		}
		at := func() string { return joinPath(path(), string(field.Name())) }
		value := message.Get(field)
		switch {
		case field.IsMap():
			value.Map().Range(func(key protoreflect.MapKey, entry protoreflect.Value) bool {
				at := func() string { return fmt.Sprintf("%s[%q]", at(), key.String()) }
				if field.MapKey().Kind() == protoreflect.StringKind {
					noteNUL(key.String(), at, found)
				}
				p.value(field.MapValue(), entry, at, found)
				return true
			})
		case field.IsList():
			list := value.List()
			for i := range list.Len() {
				p.value(field, list.Get(i), func() string { return fmt.Sprintf("%s[%d]", at(), i) }, found)
			}
		default:
			p.value(field, value, at, found)
		}
	}
}

func (p *textPlans) value(field protoreflect.FieldDescriptor, value protoreflect.Value, path func() string, found *[]fault.Violation) {
	switch field.Kind() {
	case protoreflect.StringKind:
		noteNUL(value.String(), path, found)
	case protoreflect.MessageKind, protoreflect.GroupKind:
		p.walk(value.Message(), path, found)
	default:
	}
}

func noteNUL(text string, path func() string, found *[]fault.Violation) {
	if strings.IndexByte(text, 0) >= 0 && len(*found) <= maxViolations {
		*found = append(*found, fault.Violation{Field: path(), Description: "must not contain U+0000", Rule: fault.RuleCharacters})
	}
}

func (p *textPlans) fields(descriptor protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	if known, ok := p.plans.Load(descriptor); ok {
		return known.([]protoreflect.FieldDescriptor)
	}
	var plan []protoreflect.FieldDescriptor
	for i := range descriptor.Fields().Len() {
		field := descriptor.Fields().Get(i)
		if leadsToText(field, map[protoreflect.FullName]bool{descriptor.FullName(): true}) {
			plan = append(plan, field)
		}
	}
	p.plans.Store(descriptor, plan)
	return plan
}

// leadsToText reports whether a field can hold text, itself or further down; a
// message that is being looked at already counts as one that does.
func leadsToText(field protoreflect.FieldDescriptor, seen map[protoreflect.FullName]bool) bool {
	if field.IsMap() {
		return leadsToText(field.MapKey(), seen) || leadsToText(field.MapValue(), seen)
	}
	switch field.Kind() {
	case protoreflect.StringKind:
		return true
	case protoreflect.MessageKind, protoreflect.GroupKind:
		if seen[field.Message().FullName()] {
			return true
		}
		seen[field.Message().FullName()] = true
		for i := range field.Message().Fields().Len() {
			if leadsToText(field.Message().Fields().Get(i), seen) {
				return true
			}
		}
		return false
	default:
		return false
	}
}

func joinPath(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}
