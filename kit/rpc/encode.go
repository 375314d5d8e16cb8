package rpc

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The bounds of an error. gRPC sends it in headers, of which clients take 8 KiB, and a
// client that gets more reports RESOURCE_EXHAUSTED in place of the true code.
const (
	// maxErrorBytes is the size of an error in whichever protocol makes it largest. gRPC
	// percent-encodes the message and repeats it in the details, which are in base64;
	// Connect's JSON holds each detail twice, in base64 and readable. REST's JSON is always
	// smaller than that.
	maxErrorBytes = 4 << 10
	// frameBytes is what surrounds message and details.
	frameBytes = 100
	// maxMessageBytes is the size of the message's text, and maxMessageEncoded the size of
	// what becomes of it.
	maxMessageBytes, maxMessageEncoded = 512, 1400
	// maxValueBytes is the size of one text in the details, and maxValueEncoded its size in
	// JSON, where a character can take six bytes.
	maxValueBytes, maxValueEncoded = 200, 300
	// maxMetadataEncoded is the size of all metadata: reason and metadata always fit.
	maxMetadataEncoded = 1900
	// detailOverhead is what gRPC adds to a detail: its type and the framing.
	detailOverhead = 80
	// badRequestOverhead is what surrounds the violations in Connect's JSON, with the one
	// that counts how many are left out.
	badRequestOverhead = 250
)

// encode returns the error that travels. It holds of the details what fits.
func encode(code connect.Code, f *fault.Error, cause error) *connect.Error {
	message := cutEncoded(f.Message(), maxMessageBytes, maxMessageEncoded, messageEncoded)
	status := connect.NewError(code, message).WithCause(cause)
	left := maxErrorBytes - frameBytes - messageEncoded(message)
	add := func(detail proto.Message) (fits bool) {
		packed, err := connectproto.NewErrorDetail(detail)
		// A detail that can't be written is a failure of ours; code, message and the
		// other details are right still.
		if err != nil {
			return false
		}
		size := detailEncoded(packed, detail)
		if size > left {
			return false
		}
		left -= size
		status = status.WithDetail(packed)
		return true
	}
	add(&errdetails.ErrorInfo{Reason: string(f.Reason()), Domain: fault.Domain, Metadata: cutMetadata(f.Metadata())})
	if delay := f.RetryDelay(); delay > 0 {
		add(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	}
	if len(f.Violations()) > 0 {
		add(badRequest(f, left))
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

// detailEncoded is the size of a detail in the larger of its encodings.
func detailEncoded(packed *connect.ErrorDetail, detail proto.Message) int {
	inGRPC := base64.RawStdEncoding.EncodedLen(len(packed.Value) + detailOverhead)
	readable, err := protojson.Marshal(detail)
	if err != nil {
		return inGRPC // Connect leaves the readable form out then, too
	}
	inConnect, err := json.Marshal(map[string]any{
		"type": packed.Type, "value": base64.RawStdEncoding.EncodeToString(packed.Value), "debug": json.RawMessage(readable),
	})
	if err != nil {
		return inGRPC
	}
	return max(inGRPC, len(inConnect)+1)
}

// badRequest lists as many violations as fit into that many bytes, and counts how many
// more there are.
func badRequest(f *fault.Error, bytes int) *errdetails.BadRequest {
	bad, size, violations := &errdetails.BadRequest{}, badRequestOverhead, f.Violations()
	unlisted := f.Unlisted()
	for i, v := range violations {
		next := &errdetails.BadRequest_FieldViolation{
			Field: cutValue(v.Field), Description: cutValue(v.Description), Reason: string(v.Rule),
		}
		if size += violationEncoded(next); size > bytes {
			if unlisted != fault.Uncounted {
				unlisted += len(violations) - i
			}
			break
		}
		bad.FieldViolations = append(bad.FieldViolations, next)
	}
	switch {
	case unlisted == fault.Uncounted:
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Description: "and more"})
	case unlisted > 0:
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Description: fmt.Sprintf("and %d more", unlisted),
		})
	}
	return bad
}

// violationEncoded is what a violation adds to Connect's JSON: base64, and the names and
// texts of its fields.
func violationEncoded(v *errdetails.BadRequest_FieldViolation) int {
	const names = len(`,{"field":,"description":,"reason":}`)
	return base64.StdEncoding.EncodedLen(proto.Size(v)+4) + names + quotedBytes(v.GetField()) + quotedBytes(v.GetDescription()) + quotedBytes(v.GetReason())
}

// cutMetadata returns metadata with short values, and of many the first by name.
func cutMetadata(metadata map[string]string) map[string]string {
	if len(metadata) == 0 {
		return nil
	}
	cut, size := make(map[string]string, len(metadata)), 0
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		name, value := cutValue(key), cutValue(metadata[key])
		size += base64.StdEncoding.EncodedLen(len(name)+len(value)+8) + quotedBytes(name) + quotedBytes(value) + 2
		if size > maxMetadataEncoded {
			break
		}
		cut[name] = value
	}
	return cut
}

func cutValue(text string) string {
	return cutEncoded(text, maxValueBytes, maxValueEncoded, quotedBytes)
}

// cutEncoded cuts a text to a size, and then further until what becomes of it has a size.
func cutEncoded(text string, bytes, encoded int, size func(string) int) string {
	text = fault.Cut(text, bytes)
	for size(text) > encoded {
		text = fault.Cut(text, len(text)*3/4)
	}
	return text
}

// messageEncoded is the size of a message in the larger of its encodings.
func messageEncoded(message string) int {
	return max(percentEncoded(message)+base64.StdEncoding.EncodedLen(len(message)), quotedBytes(message))
}

// quotedBytes is the size of a text in JSON as Connect writes it.
func quotedBytes(text string) int {
	quoted, err := json.Marshal(text)
	if err != nil {
		return 6 * len(text)
	}
	return len(quoted)
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
