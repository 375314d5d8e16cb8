package domain_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

func TestAnErasedPersonIsMentionedByIDAndAddress(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		id    uuid.UUID
		email string
		want  []string
	}{
		{id(0xab), "", []string{"00000000-0000-0000-0000-0000000000ab"}},
		{uuid.Nil, "Ada@Example.com", []string{"ada@example.com"}},
		{id(1), "ada@example.com", []string{"00000000-0000-0000-0000-000000000001", "ada@example.com"}},
	} {
		person, err := domain.NewErasedPerson(row.id, row.email)
		if err != nil || !slices.Equal(person.Mentions(), row.want) {
			t.Errorf("%s, %q: mentioned by %q, %v; want %q", row.id, row.email, person.Mentions(), err, row.want)
		}
	}
	if person, err := domain.NewErasedPerson(uuid.Nil, ""); err == nil {
		t.Errorf("a person without id and address: %+v", person)
	}
}
