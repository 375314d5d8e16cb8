package domain

import (
	"fmt"
	"strings"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The reasons of this context (shopmesh.errors.v1.Reason).
const (
	ReasonSettingsInvalid         fault.Reason = "SETTINGS_INVALID"
	ReasonSettingsReadOnly        fault.Reason = "SETTINGS_READ_ONLY"
	ReasonSettingsVersionNotFound fault.Reason = "SETTINGS_VERSION_NOT_FOUND"
)

// ErrContextNotFound is the fault for a name that no context with settings has.
func ErrContextNotFound(name string, known []string) *fault.Error {
	return fault.New(fault.NotFound, fault.ReasonContextNotFound,
		"no context %q has settings: there are %s", name, strings.Join(known, ", ")).With("context", name)
}

// ErrVersionNotFound is the fault for a version that the context's settings never had.
func ErrVersionNotFound(context string, version int64) *fault.Error {
	return fault.New(fault.NotFound, ReasonSettingsVersionNotFound,
		"the settings of %s have no version %d: ListSettingsVersions shows those that there are", context, version)
}

// ErrReadOnly is the fault for a change while a file holds the settings.
func ErrReadOnly() *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonSettingsReadOnly,
		"the settings come from the file that --settings or SHOPMESH_SETTINGS names, and can't be changed here: "+
			"change the file and start again, or start without it")
}

// ErrInvalid is the fault for settings that break rules, nil for none; subject names the
// settings. A field that the request holds is named as the request does, with the prefix.
func ErrInvalid(subject, prefix string, broken []fault.Violation) error {
	if len(broken) == 0 {
		return nil
	}
	more := ""
	if len(broken) > 1 {
		more = fmt.Sprintf(" (and %d more)", len(broken)-1)
	}
	invalid := fault.New(fault.Invalid, ReasonSettingsInvalid, "%s: ", subject)
	invalid = invalid.WithMessage(invalid.Message() + broken[0].Field + ": " + broken[0].Description + more)
	for _, v := range broken {
		invalid = invalid.Field(prefix+v.Field, v.Description)
	}
	return invalid
}
