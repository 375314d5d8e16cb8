// Package protoconv translates versions of settings. It knows the contexts by the fields of
// the oneof in shopmesh.config.v1.Settings: one more context is one more field there.
package protoconv

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/config/internal/domain"
)

func fields() protoreflect.FieldDescriptors {
	return (&configv1.Settings{}).ProtoReflect().Descriptor().Oneofs().ByName("value").Fields()
}

// Contexts are the names of all contexts that have settings.
func Contexts() []string {
	all := make([]string, fields().Len())
	for i := range all {
		all[i] = string(fields().Get(i).Name())
	}
	return all
}

// Known refuses a context that has no settings. Errors: CONTEXT_NOT_FOUND.
func Known(context string) error {
	if fields().ByName(protoreflect.Name(context)) == nil {
		return domain.ErrContextNotFound(context, Contexts())
	}
	return nil
}

// Empty returns the settings of a known context in which nothing is set.
func Empty(context string) *configv1.Settings {
	set := &configv1.Settings{Context: context}
	set.ProtoReflect().Mutable(fields().ByName(protoreflect.Name(context)))
	return set
}

// Value returns the context's own message, which is made where it is missing.
func Value(set *configv1.Settings) proto.Message {
	return set.ProtoReflect().Mutable(fields().ByName(protoreflect.Name(set.GetContext()))).Message().Interface()
}

// Settings translates a version of a known context. The error names the fields that are
// stored in a form that can't be read; they are left out of the result, which is good
// without them.
func Settings(v domain.Version) (*configv1.Settings, error) {
	set := Empty(v.Context)
	set.Version, set.Etag, set.Actor = v.Version, v.Etag(), v.Actor
	if v.Version == 0 {
		return set, nil
	}
	set.UpdateTime = timestamppb.New(v.Time)
	return set, settings.Decode(v.Value, Value(set))
}

// SettingsVersion translates a version for the list; what can't be read is left out.
func SettingsVersion(v domain.Version) *configv1.SettingsVersion {
	set, _ := Settings(v)
	return &configv1.SettingsVersion{Settings: set, ChangedPaths: v.ChangedPaths, RestoredVersion: v.Restored}
}

// Shop gathers what the rules across contexts are about.
func Shop(of func(context string) *configv1.Settings, providers []string) domain.Shop {
	return domain.Shop{
		DefaultCurrency: of("catalog").GetCatalog().GetDefaultCurrency(),
		PaymentMethods:  of("order").GetOrder().GetPaymentMethods(),
		Providers:       providers,
	}
}

// ChangedPaths names the fields in which two messages of one type differ; a nested message
// is compared field by field, a list whole.
func ChangedPaths(before, after proto.Message) []string {
	return changed(nil, "", before.ProtoReflect(), after.ProtoReflect())
}

func changed(paths []string, prefix string, before, after protoreflect.Message) []string {
	all := before.Descriptor().Fields()
	for i := range all.Len() {
		field := all.Get(i)
		path := prefix + string(field.Name())
		switch {
		case before.Has(field) != after.Has(field):
			paths = append(paths, path)
		case !before.Has(field), before.Get(field).Equal(after.Get(field)):
		case nested(field):
			paths = changed(paths, path+".", before.Get(field).Message(), after.Get(field).Message())
		default:
			paths = append(paths, path)
		}
	}
	return paths
}

func nested(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && !field.IsList() && !field.IsMap() && field.Message().ParentFile().Package() != "google.protobuf"
}
