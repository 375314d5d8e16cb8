package services_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services"
)

// The services that the option of an RPC names are contexts that there are: another name would
// let nobody in.
func TestOptionsNameContexts(t *testing.T) {
	t.Parallel()
	named := 0
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "shopmesh.") {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				for _, name := range authz.Option(methods.Get(j)).GetServices() {
					if named++; !slices.Contains(services.Contexts(), name) {
						t.Errorf("%s is for %q, which is no context", methods.Get(j).FullName(), name)
					}
				}
			}
		}
		return true
	})
	if named == 0 {
		t.Error("no RPC names services")
	}
}
