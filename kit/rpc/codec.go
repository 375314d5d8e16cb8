package rpc

import (
	"bytes"
	"context"
	"io"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// wireOptions bounds what is read, and refuses unknown fields in JSON, where a
// misspelt field would otherwise be ignored in silence. Binary messages may hold
// unknown fields: that is how contracts grow.
func wireOptions() []connecthttp.Option {
	binary := connectproto.NewBinaryCodec()
	binary.UnmarshalOptions.RecursionLimit = maxDepth
	text := connectproto.NewJSONCodec()
	text.UnmarshalOptions.DiscardUnknown = false
	text.UnmarshalOptions.RecursionLimit = maxDepth
	return []connecthttp.Option{
		connecthttp.WithCodecs(
			boundedCodec{binary, checkBinary, binary.UnmarshalOptions.Unmarshal},
			boundedCodec{text, func(data []byte, _ protoreflect.MessageDescriptor) *fault.Error { return checkJSON(data) }, text.UnmarshalOptions.Unmarshal},
		),
		connecthttp.WithReadMaxBytes(MaxRequestBytes),
		connecthttp.WithCompressMinBytes(compressMinBytes),
	}
}

// boundedCodec refuses a message that would cost too much before it is decoded.
type boundedCodec struct {
	connect.StableCodec

	check     func([]byte, protoreflect.MessageDescriptor) *fault.Error
	unmarshal func([]byte, proto.Message) error
}

// UnmarshalRead implements connect.Codec. The error of a refusal is a *fault.Error.
func (c boundedCodec) UnmarshalRead(ctx context.Context, src io.Reader, msg any) error {
	message, ok := msg.(proto.Message)
	if !ok {
		return c.StableCodec.UnmarshalRead(ctx, src, msg)
	}
	buffer, ok := src.(*bytes.Buffer) // as connecthttp has it
	if !ok {
		buffer = &bytes.Buffer{}
		if _, err := buffer.ReadFrom(src); err != nil {
			return err
		}
	}
	if refused := c.check(buffer.Bytes(), message.ProtoReflect().Descriptor()); refused != nil {
		return refused
	}
	return c.unmarshal(buffer.Bytes(), message)
}
