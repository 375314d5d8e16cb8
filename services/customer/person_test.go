package customer_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// bought is an order of 10 EUR that is paid, of a customer or of a guest.
func bought(number, customer, email string, state orderv1.OrderState) *orderv1.Order {
	euros := func(units int64) *money.Money { return &money.Money{CurrencyCode: "EUR", Units: units} }
	return &orderv1.Order{
		Id: uuid.NewString(), Number: number, CustomerId: customer, State: state,
		Contact: &orderv1.Contact{Email: email}, Captured: euros(10), Refunded: euros(0), Balance: euros(10),
	}
}

const (
	confirmed = orderv1.OrderState_ORDER_STATE_CONFIRMED
	shipped   = orderv1.OrderState_ORDER_STATE_SHIPPED
)

// Nobody could ship what was paid by a person whose address is gone. An order is not paid
// any more once the shop refunded it, or once a bank took the money back in a dispute.
func TestAnErasureWaitsForOrdersThatArePaidAndNotShipped(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	id := o.create(t, ada()).GetId()
	returned := bought("GAVE-BACK", id, "", confirmed)
	returned.Refunded, returned.Balance = returned.GetCaptured(), nil
	lost := bought("BANK-TOOK", id, "", confirmed)
	lost.Balance = nil
	o.others.add(bought("7K3M-Q2XD", id, "", confirmed), bought("DONE-0001", id, "", shipped), returned, lost,
		bought("8K3M-Q2XD", id, "", confirmed), bought("OTHER-001", uuid.NewString(), "", confirmed))
	_, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id})
	refused := testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_HAS_OPEN_ORDERS")
	if refused.Metadata["order_numbers"] != "7K3M-Q2XD,8K3M-Q2XD" || !strings.Contains(refused.Message, "7K3M-Q2XD, 8K3M-Q2XD") {
		t.Fatalf("it names %q: %s", refused.Metadata, refused.Message)
	}
	if o.get(t, id).GetErased() {
		t.Fatal("the customer was erased")
	}
	res, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id, EvenOpenOrders: true})
	if err != nil || !res.GetCustomer().GetErased() {
		t.Fatalf("got %v, %v", res, err)
	}
	o.others.leave()
	if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id}); err != nil {
		t.Fatalf("erased again: %v", err)
	}
	other := ada()
	other.Email = "eva@example.com"
	_, err = o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: o.create(t, other).GetId()})
	testkit.Refused(t, err, connect.CodeUnavailable, "UNAVAILABLE")
}

// A guest is known by an e-mail address alone, however it is written.
func TestAGuestIsErasedByAddress(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	customer := o.create(t, ada())
	o.others.add(bought("7K3M-Q2XD", "", "ada@example.com", confirmed), bought("OF-CUST-1", customer.GetId(), "ada@example.com", confirmed))
	_, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Email: " ADA@example.com"})
	if refused := testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_HAS_OPEN_ORDERS"); refused.Metadata["order_numbers"] != "7K3M-Q2XD" {
		t.Fatalf("it names %q", refused.Metadata)
	}
	key := uuid.NewSHA1(uuid.NameSpaceURL, []byte("mailto:ada@example.com"))
	last := int64(0)
	for range 2 {
		res, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Email: " ADA@example.com", EvenOpenOrders: true})
		if err != nil || res.GetCustomer() != nil {
			t.Fatalf("got %v, %v", res, err)
		}
		var erased customerv1.CustomerErased
		for erased.GetVersion() <= last { // the republisher may publish the erasure before once more
			o.events.Next(topic, key, &erased)
		}
		if erased.GetEmail() != "ada@example.com" || erased.GetCustomerId() != "" {
			t.Fatalf("published %v", &erased)
		}
		last = erased.GetVersion()
	}
	if got := o.get(t, customer.GetId()); got.GetErased() {
		t.Fatal("the customer with that address was erased")
	}
	_, err = o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Email: "ada", EvenOpenOrders: true})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "email")
	self := o.again(t, testkit.Customer(customer.GetId()))
	_, err = self.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Email: "eva@example.com", EvenOpenOrders: true})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	_, err = self.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Email: "eva@example.com"})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
}

// An export holds what every context has about a person, also what was typed and what
// was written to the person.
func TestAnExportHoldsAccountCartOrdersPaymentsAndMails(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	id := o.create(t, ada()).GetId()
	eva := ada()
	eva.Email = "eva@example.com"
	withoutAccount := o.create(t, eva).GetId()
	own, second, guest := bought("1", id, "x@example.com", shipped), bought("2", id, "", confirmed), bought("3", "", "x@example.com", confirmed)
	for _, order := range []*orderv1.Order{own, second, guest} {
		order.History = []*orderv1.OrderHistoryEntry{{Note: "Ada moved house"}}
		o.others.add(order)
	}
	account := uuid.NewString()
	o.others.signIn(id, account)
	for _, row := range []struct {
		request *customerv1.ExportCustomerRequest
		account []string
		orders  []*orderv1.Order
	}{
		{&customerv1.ExportCustomerRequest{Id: id}, []string{account}, []*orderv1.Order{own, second}},
		{&customerv1.ExportCustomerRequest{Id: withoutAccount}, nil, nil},
		{&customerv1.ExportCustomerRequest{Email: "X@Example.com"}, nil, []*orderv1.Order{guest}},
	} {
		res, err := o.ExportCustomer(t.Context(), row.request)
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Customer, Account *struct{ ID string }
			Sessions          []struct{ Agent string }
			Cart              *struct {
				Lines []struct{ ProductCode string }
			}
			Orders []struct {
				ID      string
				History []struct{ Note string }
			}
			Payments, Refunds, Mails []struct{ OrderID, Reason, Text string }
		}
		if err := json.Unmarshal(res.GetContent(), &document); err != nil {
			t.Fatal(err)
		}
		if (document.Customer == nil) != (row.request.GetId() == "") || len(document.Orders) != len(row.orders) ||
			len(document.Payments) != len(row.orders) || len(document.Mails) != len(row.account)+len(row.orders) || len(document.Refunds) != 2*len(row.orders) {
			t.Fatalf("got %s", res.GetContent())
		}
		if (document.Account != nil) != (row.account != nil) || row.account != nil && document.Account.ID != account || len(document.Sessions) != 2*len(row.account) {
			t.Fatalf("the account: got %s", res.GetContent())
		}
		if (document.Cart != nil) != (row.request.GetId() != "") || document.Cart != nil && document.Cart.Lines[0].ProductCode != row.request.GetId() {
			t.Fatalf("the cart: got %s", res.GetContent())
		}
		for _, ofAccount := range row.account { // its mails come first
			if document.Mails[0].Text != "Hello Ada" || document.Mails[0].OrderID != ofAccount {
				t.Fatalf("the account's mail: got %s", res.GetContent())
			}
			document.Mails = document.Mails[1:]
		}
		for i, order := range row.orders {
			if document.Orders[i].ID != order.GetId() || document.Payments[i].OrderID != order.GetId() || document.Mails[i].OrderID != order.GetId() {
				t.Fatalf("order %s: got %s", order.GetNumber(), res.GetContent())
			}
			if refunds := document.Refunds[2*i:]; refunds[0].OrderID != order.GetId() || refunds[0].Reason != "Ada was ill" || refunds[1].Reason != "Ada was late" ||
				document.Orders[i].History[0].Note != "Ada moved house" || document.Mails[i].Text != "Hello Ada" {
				t.Fatalf("what was typed and written about order %s: got %s", order.GetNumber(), res.GetContent())
			}
		}
	}
	o.others.leave()
	_, err := o.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Id: id})
	testkit.Refused(t, err, connect.CodeUnavailable, "UNAVAILABLE")
}

// A client that lost the answer sends its request again; after an erasure the answer
// holds nothing about the person any more, and nothing of it is kept.
func TestACreationThatIsSentAgainIsOne(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	request := &customerv1.CreateCustomerRequest{Customer: ada(), RequestId: uuid.NewString()}
	first, err := o.CreateCustomer(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := o.CreateCustomer(t.Context(), request); err != nil || !proto.Equal(again, first) {
		t.Fatalf("again: %v, %v", again, err)
	}
	id := first.GetCustomer().GetId()
	address := &customerv1.CreateAddressRequest{CustomerId: id, Address: home("home"), RequestId: uuid.NewString()}
	added, err := o.CreateAddress(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := o.CreateAddress(t.Context(), address); err != nil || !proto.Equal(again, added) || len(o.get(t, id).GetAddresses()) != 1 {
		t.Fatalf("again: %v, %v", again, err)
	}
	_, err = o.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: id, Address: home("work"), RequestId: address.GetRequestId()})
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	_, err = o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: ada(), RequestId: uuid.Nil.String()})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "request_id")

	if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id}); err != nil {
		t.Fatal(err)
	}
	blank, err := o.CreateCustomer(t.Context(), request)
	if err != nil || !proto.Equal(blank.GetCustomer(), o.get(t, id)) || !blank.GetCustomer().GetErased() {
		t.Fatalf("after the erasure: %v, %v", blank, err)
	}
	gone, err := o.CreateAddress(t.Context(), address)
	if err != nil || !proto.Equal(gone.GetAddress(), &customerv1.Address{Id: added.GetAddress().GetId(), PostalAddress: &postaladdress.PostalAddress{}}) {
		t.Fatalf("after the erasure: %v, %v", gone, err)
	}
	var kept int
	if err := o.pool.QueryRow(t.Context(), `select count(*) from idempotency
		where position('Lovelace'::bytea in request) + position('Lovelace'::bytea in response) > 0`).Scan(&kept); err != nil || kept != 0 {
		t.Fatalf("%d stored answers hold the person, %v", kept, err)
	}
}

// What people are called and where they get mail differs more than forms believe.
func TestPeopleAreTakenAsTheyAre(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	for name, row := range map[string]struct {
		customer *customerv1.Customer
		email    string
	}{
		"one name":                        {&customerv1.Customer{FirstName: "Suharto", Email: "suharto@example.com"}, "suharto@example.com"},
		"docomo's, with a dot at its end": {&customerv1.Customer{FirstName: "Aiko", Email: "user.@docomo.ne.jp"}, "user.@docomo.ne.jp"},
		"docomo's, with two dots":         {&customerv1.Customer{FirstName: "Aiko", Email: "a..b@docomo.ne.jp"}, "a..b@docomo.ne.jp"},
		"an internationalized domain":     {&customerv1.Customer{FirstName: "Jan", Email: " jan@bücher.example "}, "jan@xn--bcher-kva.example"},
	} {
		if created := o.create(t, row.customer); created.GetEmail() != row.email {
			t.Errorf("%s: stored as %q", name, created.GetEmail())
		}
	}
	_, err := o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{FirstName: "Jan", Email: "JAN@xn--bcher-kva.example"}})
	testkit.Refused(t, err, connect.CodeAlreadyExists, "EMAIL_TAKEN", "customer.email")
	for region, advice := range map[string]string{"gb": "must be GB", "UK": "use GB", "AN": "BQ, CW or SX", "DD": "use DE", "ZZ": "such as DE or GB"} {
		moved := home("home")
		moved.PostalAddress.RegionCode = region
		customer := ada()
		customer.Addresses = []*customerv1.Address{moved}
		_, err := o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: customer})
		refused := testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "customer.addresses[0].postal_address.region_code")
		if !strings.Contains(refused.Message, advice) {
			t.Errorf("%s: %s", region, refused.Message)
		}
	}
	kosovo := home("home")
	kosovo.PostalAddress.RegionCode = "XK"
	customer := ada()
	customer.Addresses = []*customerv1.Address{kosovo}
	o.create(t, customer)
}

func TestAGuestIsErasedAndExportedOverREST(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	for _, verb := range []string{"eraseGuest", "exportGuest"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+"/v1/customers:"+verb, strings.NewReader(`{"email":"guest@example.com"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := testkit.HTTP(t, owner()).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", verb, res.StatusCode)
		}
	}
}
