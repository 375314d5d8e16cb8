package rpc

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The bounds of an error. gRPC sends it in headers, of which clients take 8 KiB, and a
// client that gets more reports RESOURCE_EXHAUSTED in place of the true code.
const (
	// maxErrorBytes is the size of an error in gRPC's encoding, the largest of all: the
	// message is percent-encoded, and repeated in the details, which are in base64.
	maxErrorBytes = 4 << 10
	// maxMessageBytes is the size of its text.
	maxMessageBytes = 512
	// maxValueBytes is the size of one text in the details.
	maxValueBytes = 200
	// maxMetadataBytes is the size of all metadata: reason and metadata always fit.
	maxMetadataBytes = 1000
	// detailOverhead is what a detail costs beside itself: its type and the framing.
	detailOverhead = 80
	// moreOverhead is room for the violation that counts how many are left out.
	moreOverhead = 40
)

// encode returns the error that travels. It holds of the details what fits.
func encode(code connect.Code, f *fault.Error, cause error) *connect.Error {
	message := fault.Cut(f.Message(), maxMessageBytes)
	status := connect.NewError(code, message).WithCause(cause)
	left := maxErrorBytes - percentEncoded(message)
	left = base64.RawStdEncoding.DecodedLen(left) - len(message) - detailOverhead
	add := func(detail proto.Message) (fits bool) {
		packed, err := connectproto.NewErrorDetail(detail)
		// A detail that can't be written is a failure of ours; code, message and the
		// other details are right still.
		if err != nil || len(packed.Value)+detailOverhead > left {
			return false
		}
		left -= len(packed.Value) + detailOverhead
		status = status.WithDetail(packed)
		return true
	}
	add(&errdetails.ErrorInfo{Reason: string(f.Reason()), Domain: fault.Domain, Metadata: cutMetadata(f.Metadata())})
	if delay := f.RetryDelay(); delay > 0 {
		add(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	}
	if violations := f.Violations(); len(violations) > 0 {
		add(badRequest(violations, left-detailOverhead))
	}
	for _, detail := range f.Details() {
		for _, message := range forms(detail) {
			if add(message) {
				break
			}
		}
	}
	return status
}

// forms returns the forms of a detail that can travel, the fullest first.
func forms(detail any) []proto.Message {
	all, several := detail.(fault.Forms)
	if !several {
		all = fault.Forms{detail}
	}
	var messages []proto.Message
	for _, form := range all {
		if message, ok := form.(proto.Message); ok {
			messages = append(messages, message)
		}
	}
	return messages
}

// badRequest lists as many violations as fit into that many bytes, and counts how many
// more there are.
func badRequest(violations []fault.Violation, bytes int) *errdetails.BadRequest {
	bad, size := &errdetails.BadRequest{}, moreOverhead
	for i, v := range violations {
		next := &errdetails.BadRequest_FieldViolation{
			Field: fault.Cut(v.Field, maxValueBytes), Description: fault.Cut(v.Description, maxValueBytes), Reason: string(v.Reason),
		}
		size += proto.Size(next) + 4 // its tag and length
		if size > bytes {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Description: fmt.Sprintf("and %d more", len(violations)-i),
			})
			break
		}
		bad.FieldViolations = append(bad.FieldViolations, next)
	}
	return bad
}

// cutMetadata returns metadata with short values, and of many the first by name.
func cutMetadata(metadata map[string]string) map[string]string {
	if len(metadata) == 0 {
		return nil
	}
	cut, size := make(map[string]string, len(metadata)), 0
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		name, value := fault.Cut(key, maxValueBytes), fault.Cut(metadata[key], maxValueBytes)
		if size += len(name) + len(value) + 8; size > maxMetadataBytes {
			break
		}
		cut[name] = value
	}
	return cut
}

// percentEncoded is the length of a text in the header grpc-message.
func percentEncoded(text string) int {
	n := 0
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '%' {
			n += 2
		}
		n++
	}
	return n
}
