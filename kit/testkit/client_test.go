package testkit

import (
	"slices"
	"testing"

	errorsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/errors/v1"
)

const contract = `package shopmesh.shelf.v1;

// ShelfService puts books on shelves.
service ShelfService {
  // PutBook puts one. Errors: SHELF_FULL,
  // BOOK_NOT_FOUND.
  rpc PutBook(PutBookRequest) returns (PutBookResponse) {
    option idempotency_level = IDEMPOTENT;
  }

  // TakeBook takes one, whoever put it there. Errors:
  // BOOK_NOT_FOUND.
  rpc TakeBook(TakeBookRequest) returns (TakeBookResponse);

  // CountBooks counts them.
  rpc CountBooks(CountBooksRequest) returns (CountBooksResponse);
}
`

func TestReasonsAreReadFromTheCommentsOfContracts(t *testing.T) {
	t.Parallel()
	reasons := map[string][]string{}
	readReasons(contract, reasons)
	if got := reasons["/shopmesh.shelf.v1.ShelfService/PutBook"]; !slices.Equal(got, []string{"SHELF_FULL", "BOOK_NOT_FOUND"}) {
		t.Errorf("PutBook's reasons are %q", got)
	}
	if got := reasons["/shopmesh.shelf.v1.ShelfService/TakeBook"]; !slices.Equal(got, []string{"BOOK_NOT_FOUND"}) {
		t.Errorf("TakeBook's reasons are %q", got)
	}
	if got, there := reasons["/shopmesh.shelf.v1.ShelfService/CountBooks"]; !there || len(got) != 0 {
		t.Errorf("CountBooks' reasons are %q (%v), want none", got, there)
	}
}

// The contracts of the shop are found, whichever package's tests look for them.
func TestContractsAreFound(t *testing.T) {
	t.Parallel()
	reasons, err := documentedReasons()
	if err != nil {
		t.Fatal(err)
	}
	if got := reasons["/shopmesh.order.v1.OrderService/GetOrder"]; !slices.Contains(got, "ORDER_NOT_FOUND") {
		t.Errorf("GetOrder's reasons are %q, want ORDER_NOT_FOUND among them", got)
	}
}

// A reason that a comment lists exists, so that none stays there misspelt or after it is gone.
func TestEveryReasonThatAContractListsExists(t *testing.T) {
	t.Parallel()
	documented, err := documentedReasons()
	if err != nil {
		t.Fatal(err)
	}
	check := func(procedure string, reasons []string) {
		for _, reason := range reasons {
			if _, exists := errorsv1.Reason_value["REASON_"+reason]; !exists {
				t.Errorf("%s: %q is no reason of shopmesh/errors/v1/reason.proto", procedure, reason)
			}
		}
	}
	check("every RPC", anyCall)
	for procedure, reasons := range documented {
		check(procedure, reasons)
	}
}
