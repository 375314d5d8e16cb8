// Command protodeps writes the .proto files that Shopmesh's contracts import
// (google/api, google/rpc, google/type, buf/validate and the OpenAPI options)
// into a folder, so that buf compiles without a schema registry.
//
// The files are printed from the descriptors that are linked into the pinned Go
// modules of this module's go.mod. Their contents can therefore never disagree
// with the Go types that the generated code is compiled against.
//
// Usage: protodeps DIR. DIR is replaced.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jhump/protoreflect/v2/protoprint"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	// Each import links one contract's descriptor into the global registry.
	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	_ "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv3/options"
	_ "google.golang.org/genproto/googleapis/api/annotations"
	_ "google.golang.org/genproto/googleapis/api/httpbody"
	_ "google.golang.org/genproto/googleapis/api/visibility"
	_ "google.golang.org/genproto/googleapis/rpc/code"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	_ "google.golang.org/genproto/googleapis/type/date"
	_ "google.golang.org/genproto/googleapis/type/decimal"
	_ "google.golang.org/genproto/googleapis/type/interval"
	_ "google.golang.org/genproto/googleapis/type/money"
	_ "google.golang.org/genproto/googleapis/type/phone_number"
	_ "google.golang.org/genproto/googleapis/type/postaladdress"
)

// wellKnown is the folder of the types that buf itself brings along.
const wellKnown = "google/protobuf/"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: protodeps DIR")
		os.Exit(2)
	}
	if err := export(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "protodeps:", err)
		os.Exit(1)
	}
}

// export writes every linked contract below dir. It builds a sibling folder
// first and renames it, so that an interrupted run leaves no half-filled dir.
func export(dir string) error {
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	printer := protoprint.Printer{Indent: "  ", SortElements: false}
	var failed error
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(file.Path(), wellKnown) {
			return true
		}
		failed = writeFile(printer, file, filepath.Join(fresh, filepath.FromSlash(file.Path())))
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return errors.Join(os.RemoveAll(dir), os.Rename(fresh, dir))
}

func writeFile(printer protoprint.Printer, file protoreflect.FileDescriptor, path string) error {
	text, err := printer.PrintProtoToString(file)
	if err != nil {
		return fmt.Errorf("print %s: %w", file.Path(), err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
