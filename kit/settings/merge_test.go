package settings_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	"github.com/shopmesh/shopmesh/kit/settings"
)

// Whoever sets a field that breaks two rules learns of both at once.
func TestEveryBrokenRuleIsNamed(t *testing.T) {
	t.Parallel()
	broken, err := settings.Violations(&shopv1.Settings{
		Name: proto.String(strings.Repeat("\n", 200)), SenderName: proto.String(""), ReplyToEmail: proto.String("ada@example.com"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, rule := range broken {
		fields = append(fields, rule.Field)
		if rule.Description == "" {
			t.Errorf("%s has no description", rule.Field)
		}
	}
	if want := []string{"name", "name", "sender_name"}; !slices.Equal(fields, want) {
		t.Errorf("broken are %v, want %v", fields, want)
	}
}
