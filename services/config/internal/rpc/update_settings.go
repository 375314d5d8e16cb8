package rpc

import (
	"context"
	"fmt"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/mask"
	"github.com/shopmesh/shopmesh/services/config/internal/protoconv"
)

// UpdateSettings changes the fields that the mask names.
func (s *Server) UpdateSettings(ctx context.Context, req *configv1.UpdateSettingsRequest) (*configv1.UpdateSettingsResponse, error) {
	given := req.GetSettings()
	name := given.GetContext()
	if err := protoconv.CheckContext(name); err != nil {
		return nil, err
	}
	if other := given.ProtoReflect().WhichOneof(given.ProtoReflect().Descriptor().Oneofs().ByName("value")); other != nil && string(other.Name()) != name {
		return nil, fault.Fields(fault.Violation{
			Field: "settings." + string(other.Name()), Description: fmt.Sprintf("are no settings of %s: the field %s holds these", name, name),
		})
	}
	fields, err := mask.Read(req.GetUpdateMask(), given, name)
	if err != nil {
		return nil, err
	}
	changed, err := s.settings.Update(ctx, name, given.GetEtag(), req.GetValidateOnly(), func(current *configv1.Settings) *configv1.Settings {
		return mask.Apply(fields, current, given)
	})
	if err != nil {
		return nil, err
	}
	return &configv1.UpdateSettingsResponse{Settings: changed}, nil
}
