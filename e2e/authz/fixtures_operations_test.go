package authz_test

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// productTopic is one that order consumes.
const productTopic = "shopmesh.catalog.product.v1"

// newDeadLetter is an event that order can't read, once it is set aside.
func (s *shop) newDeadLetter() int64 {
	key := uuid.New()
	record := testkit.Record(s.t, outbox.Event{Topic: productTopic, Key: key, Version: 1, Message: &catalogv1.ProductChanged{}})
	record.Value = []byte{0xff}
	s.events.PublishRecords(record)
	var id int64
	testkit.Eventually(s.t, "a dead letter is set aside", func() bool {
		for _, letter := range must(s.operations.ListDeadLetters(s.t.Context(), &operationsv1.ListDeadLettersRequest{Context: "order", PageSize: 1000})).GetDeadLetters() {
			if letter.GetKey() == key.String() {
				id = letter.GetId()
			}
		}
		return id != 0
	})
	return id
}

// deadLetter is one that all share. Nobody discards it, and redriven it fails again.
func (c *cell) deadLetter() int64 {
	if c.missing() {
		return 1 << 40
	}
	return once(c.shop, "dead letter", c.newDeadLetter)
}

// of is a context that there is, or none in a row about what is missing.
func (c *cell) of() string {
	if c.missing() {
		return "nothing"
	}
	return "order"
}

func operationsFixtures() map[string]fixture {
	return map[string]fixture{
		"OperationsService/GetStatus": {request: func(c *cell) proto.Message { return &operationsv1.GetStatusRequest{Context: c.of()} }},
		"OperationsService/ListDeadLetters": {request: func(c *cell) proto.Message {
			return &operationsv1.ListDeadLettersRequest{Context: c.of(), PageSize: 5}
		}},
		"OperationsService/GetDeadLetter": {request: func(c *cell) proto.Message {
			return &operationsv1.GetDeadLetterRequest{Context: "order", Id: c.deadLetter()}
		}},
		"OperationsService/RedriveDeadLetters": {request: func(c *cell) proto.Message {
			return &operationsv1.RedriveDeadLettersRequest{
				Context: c.of(), Selection: &operationsv1.DeadLetterSelection{Ids: []int64{c.deadLetter()}},
			}
		}},
		"OperationsService/DiscardDeadLetters": {request: func(c *cell) proto.Message {
			id := c.deadLetter()
			if !c.missing() {
				id = c.newDeadLetter()
			}
			return &operationsv1.DiscardDeadLettersRequest{Context: "order", Ids: []int64{id}}
		}},
		"OperationsService/Audit": {request: func(c *cell) proto.Message {
			c.adasOrder() // so that there is something to audit
			return &operationsv1.AuditRequest{Context: c.of()}
		}},
	}
}
