package rpc

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// What a request may hold. A small request can decode to something large: an empty
// message of two bytes takes a hundred in memory, and each rule that it breaks some
// thousands more. So these are counted in the encoded form, before anything is built.
const (
	// maxElements is how many fields, list items and map entries a request may hold.
	// The contracts' longest lists have 1,000 items.
	maxElements = 5000
	// maxTextBytes is the longest text or number.
	maxTextBytes = 64 << 10
)

func tooManyElements() *fault.Error {
	return fault.New(fault.Exhausted, fault.ReasonRequestTooLarge,
		"a request may hold %d fields and list items: send less at once", maxElements)
}

func textTooLong() *fault.Error {
	return fault.New(fault.Exhausted, fault.ReasonRequestTooLarge,
		"a text in a request may have %d bytes: send a shorter one", maxTextBytes)
}

func tooDeep() *fault.Error {
	return malformed("messages are nested too deeply")
}

// budget is what is left of a request's bounds while its encoded form is scanned.
type budget struct{ elements int }

// checkBinary refuses a message in protobuf's binary form that holds too much. A form
// that is broken is left to the decoder, which reports where.
func checkBinary(data []byte, descriptor protoreflect.MessageDescriptor) *fault.Error {
	if len(data) <= maxElements {
		return nil // an element has at least one byte
	}
	left := &budget{maxElements}
	return left.message(data, descriptor, maxDepth)
}

func (b *budget) spend(n int) *fault.Error {
	if b.elements -= n; b.elements < 0 {
		return tooManyElements()
	}
	return nil
}

func (b *budget) message(data []byte, descriptor protoreflect.MessageDescriptor, depth int) *fault.Error {
	if depth == 0 {
		return tooDeep()
	}
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return nil
		}
		if refused := b.spend(1); refused != nil {
			return refused
		}
		data = data[n:]
		size := protowire.ConsumeFieldValue(number, kind, data)
		if size < 0 {
			return nil
		}
		if refused := b.value(data[:size], number, kind, descriptor, depth); refused != nil {
			return refused
		}
		data = data[size:]
	}
	return nil
}

// value counts what is within a field's value. A field that the contract does not have
// is kept as bytes: its inside costs nothing.
func (b *budget) value(value []byte, number protowire.Number, kind protowire.Type, descriptor protoreflect.MessageDescriptor, depth int) *fault.Error {
	field := descriptor.Fields().ByNumber(number)
	if field == nil {
		return nil
	}
	switch kind {
	case protowire.StartGroupType:
		if field.Kind() == protoreflect.GroupKind {
			return b.message(value, field.Message(), depth-1) // its end tag is broken here, and ends the scan
		}
	case protowire.BytesType:
		inner, n := protowire.ConsumeBytes(value)
		if n < 0 {
			return nil
		}
		switch field.Kind() {
		case protoreflect.MessageKind:
			return b.message(inner, field.Message(), depth-1)
		case protoreflect.StringKind:
			if len(inner) > maxTextBytes {
				return textTooLong()
			}
		case protoreflect.BytesKind, protoreflect.GroupKind:
		default:
			return b.spend(packed(inner, field.Kind()))
		}
	default:
	}
	return nil
}

// packed is how many numbers a packed list holds.
func packed(data []byte, kind protoreflect.Kind) int {
	switch kind {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return len(data) / 4
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return len(data) / 8
	default:
		n := 0
		for _, b := range data {
			if b < 0x80 { // the last byte of a varint
				n++
			}
		}
		return n
	}
}

// checkJSON refuses a JSON text that holds too much. A text that is broken is left to
// the decoder, which reports where.
func checkJSON(data []byte) *fault.Error {
	if len(data) <= maxElements {
		return nil // an element has at least one byte
	}
	left, depth := &budget{maxElements}, 0
	for i := 0; i < len(data); {
		switch c := data[i]; c {
		case '"':
			size := quoted(data[i:])
			if size > maxTextBytes {
				return textTooLong()
			}
			i += size
			continue
		case '{', '[':
			if depth++; depth > maxDepth {
				return tooDeep()
			}
		case '}', ']':
			depth--
		case ',', ':':
		case ' ', '\t', '\r', '\n':
			i++
			continue
		default:
			size := bare(data[i:])
			if size > maxTextBytes {
				return textTooLong()
			}
			i += size
			continue
		}
		// Every element follows a bracket, a comma or a colon.
		if refused := left.spend(1); refused != nil {
			return refused
		}
		i++
	}
	return nil
}

// quoted is the length of the quoted text at the begin of data.
func quoted(data []byte) int {
	for i := 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data)
}

// bare is the length of the number or word at the begin of data.
func bare(data []byte) int {
	for i, c := range data {
		switch c {
		case '"', '{', '}', '[', ']', ',', ':', ' ', '\t', '\r', '\n':
			return i
		}
	}
	return len(data)
}
