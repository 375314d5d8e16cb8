package settings

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
)

// configService is the context that has everybody's settings.
const configService = "config"

// The pauses between attempts to open the stream again: a change is to apply within two
// seconds of config's return.
const minPause, maxPause = 100 * time.Millisecond, time.Second

// Follows reports whether there is something to follow: the context has settings, no file
// holds them, and the process knows where config is.
func (s *Source) Follows() bool {
	return s.defaults != nil && s.cfg.Peers != nil && s.cfg.Peers.Reaches(configService)
}

// Run applies every change of the settings until ctx ends. While config is away, what was
// applied last stays in force.
func (s *Source) Run(ctx context.Context) error {
	if !s.Follows() {
		<-ctx.Done()
		return nil
	}
	client := configv1connect.NewConfigServiceClient(s.cfg.Peers.Client(configService))
	for pause := minPause; ctx.Err() == nil; pause = min(2*pause, maxPause) {
		received, err := s.follow(ctx, client)
		if received {
			pause = minPause // the stream worked before it ended
		} else {
			s.away.Notice(ctx, err)
		}
		sleep(ctx, pause)
	}
	return nil
}

// follow applies what one stream sends until it ends, and reports whether all went well with
// what it sent. The error is that config can't be followed.
func (s *Source) follow(ctx context.Context, client configv1connect.ConfigServiceClient) (received bool, err error) {
	stream, err := client.WatchSettings(ctx, &configv1.WatchSettingsRequest{Context: s.cfg.Context})
	if err != nil {
		return false, err
	}
	defer func() { _ = stream.Close() }()
	for {
		res, err := stream.Receive()
		if err != nil {
			return received, err
		}
		set, err := s.valueOf(res.GetSettings())
		if err != nil {
			return false, err
		}
		kept := s.adopt(ctx, res.GetSettings().GetVersion(), set)
		s.unkept.Notice(ctx, kept)
		s.away.Over(ctx)
		if kept != nil {
			return false, nil // the next stream begins with them, and they are kept then
		}
		received = true
	}
}

// valueOf returns the context's own message out of the settings; an empty one when nothing
// is set.
func (s *Source) valueOf(settings *configv1.Settings) (proto.Message, error) {
	message := settings.ProtoReflect()
	field := message.WhichOneof(message.Descriptor().Oneofs().ByName("value"))
	if field == nil {
		return empty(s.defaults), nil
	}
	value := message.Get(field).Message()
	if value.Descriptor() != s.defaults.ProtoReflect().Descriptor() {
		return nil, fmt.Errorf("config sent %s as the settings of %s", value.Descriptor().FullName(), s.cfg.Context)
	}
	return value.Interface(), nil
}
