package domain

import "github.com/shopmesh/shopmesh/kit/fault"

// violations gathers what is wrong with a request, so that the caller learns all
// of it at once. No description holds what was sent: it is about a person.
type violations []fault.Violation

func (v *violations) add(field string, rule fault.Rule, format string, args ...any) {
	v.check(field, fault.Breach(rule, format, args...))
}

// check adds what kit/grammar found wrong with a field.
func (v *violations) check(field string, err error) {
	if err != nil {
		*v = append(*v, fault.Breaks(field, err))
	}
}

// err returns the fault, and a true nil when nothing is wrong.
func (v violations) err() error {
	if broken := fault.Fields(v...); broken != nil {
		return broken
	}
	return nil
}
