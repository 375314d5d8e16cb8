package mask

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
)

func TestAMaskNamesWhatIsChanged(t *testing.T) {
	t.Parallel()
	letter := &operationsv1.DeadLetter{Id: 7, Topic: "a.topic", Key: "a key"}
	changeable := []string{"topic", "cause", "create_time"}
	for name, row := range map[string]struct {
		paths []string
		want  Fields
		wrong int
	}{
		"nothing: all that are set":           {nil, Fields{"topic"}, 0},
		"everything":                          {[]string{"*"}, Fields{"topic", "cause", "create_time"}, 0},
		"a field that is not set":             {[]string{"cause"}, Fields{"cause"}, 0},
		"a field twice":                       {[]string{"cause", "cause"}, Fields{"cause"}, 0},
		"a part of a field":                   {[]string{"create_time.seconds", "create_time.nanos"}, Fields{"create_time"}, 0},
		"an etag beside a field":              {[]string{"etag", "topic"}, Fields{"topic"}, 0},
		"a field that can't be changed":       {[]string{"id"}, nil, 1},
		"a field that there isn't":            {[]string{"colour", "topic"}, nil, 1},
		"several that can't be changed":       {[]string{"id", "key", "topic"}, nil, 2},
		"the name of the JSON field":          {[]string{"createTime"}, nil, 1},
		"an empty path":                       {[]string{""}, nil, 1},
		"a part of one that can't be changed": {[]string{"id.x"}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Read(&fieldmaskpb.FieldMask{Paths: row.paths}, letter, changeable...)
			if row.wrong == 0 {
				if err != nil || !slices.Equal(got, row.want) {
					t.Fatalf("got %v, %v, want %v", got, err, row.want)
				}
				return
			}
			broken, ok := fault.Of(err)
			if !ok || broken.Kind() != fault.Invalid || len(broken.Violations()) != row.wrong {
				t.Fatalf("got %v, %v, want %d violations", got, err, row.wrong)
			}
			if broken.Violations()[0].Field != "update_mask" {
				t.Fatalf("the violation is of %q", broken.Violations()[0].Field)
			}
		})
	}
}
