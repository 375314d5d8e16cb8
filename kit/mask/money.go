package mask

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// moneyParts are the parts of one amount that a mask names.
type moneyParts struct {
	path             path
	currency, amount bool
}

func isMoney(message protoreflect.MessageDescriptor) bool {
	return message.FullName() == "google.type.Money"
}

// isValue reports whether a message is one value, such as a time, of which no part
// is changed alone. Postal addresses are not: their parts are fields of their own.
func isValue(message protoreflect.MessageDescriptor) bool {
	return isMoney(message) || message.ParentFile().Package() == "google.protobuf"
}

func (r *reader) partOf(money path, part protoreflect.FieldDescriptor) {
	key := strings.Join(money, ".")
	named := r.parts[key]
	if named == nil {
		named = &moneyParts{path: slices.Clone(money)}
		r.parts[key] = named
	}
	if part.Name() == "currency_code" {
		named.currency = true
	} else {
		named.amount = true
	}
}

// joinMoney takes an amount whole where the mask names both its currency and its units
// or nanos: REST makes such a mask of a body. It refuses one of which the mask names a
// part, because the other would change, or stay, without being named.
func (r *reader) joinMoney() {
	for _, key := range slices.Sorted(maps.Keys(r.parts)) {
		named := r.parts[key]
		if named.currency && named.amount {
			r.add(named.path)
			continue
		}
		r.refuse(r.field(named.path), "is one value: give currency_code together with units or nanos, and let update_mask name both, or name it whole")
	}
}

// checkMoney reports whether the amounts that the resource holds at p, or below,
// have a currency.
func (r *reader) checkMoney(p path) bool {
	message := r.root
	for i, name := range p {
		field := message.Descriptor().Fields().ByName(protoreflect.Name(name))
		if !message.Has(field) || field.IsList() || field.IsMap() || field.Message() == nil {
			return true
		}
		message = message.Get(field).Message()
		if isMoney(message.Descriptor()) {
			if message.Get(message.Descriptor().Fields().ByName("currency_code")).String() == "" {
				r.refuse(r.field(p[:i+1]), "is one value: give currency_code together with units or nanos")
				return false
			}
			return true
		}
	}
	complete := true
	for field := range message.Range {
		if !field.IsList() && !field.IsMap() && field.Message() != nil {
			complete = r.checkMoney(append(slices.Clone(p), string(field.Name()))) && complete
		}
	}
	return complete
}

func hasAmount(money protoreflect.Message) bool {
	fields := money.Descriptor().Fields()
	return money.Has(fields.ByName("units")) || money.Has(fields.ByName("nanos"))
}
