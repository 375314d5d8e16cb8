package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
)

// takesResource is an RPC whose request holds a resource.
type takesResource struct {
	// request returns a good one, another at each call.
	request func() proto.Message
	// read returns the resource that an update changes; nil for RPCs that make one.
	read func() (proto.Message, error)
}

// takingResources are all such RPCs, about what they need in the shop.
func (s *shop) takingResources() map[string]takesResource {
	s.t.Helper()
	ctx := s.t.Context()
	product := s.sell(euros(5, 0), 10)
	order := s.reached(s.place(request("sandbox_ok", of(product.GetCode(), 1))).GetId(), confirmed)
	if _, err := s.order.ShipOrder(ctx, &orderv1.ShipOrderRequest{Id: order.GetId(), Carrier: "Post", TrackingCode: "RX 12"}); err != nil {
		s.t.Fatal(err)
	}
	home := func() *customerv1.Address {
		return &customerv1.Address{Label: unique("home"), PostalAddress: &postaladdress.PostalAddress{RegionCode: "GB", AddressLines: []string{"12 St James's Square"}}}
	}
	newCustomer := func() *customerv1.CreateCustomerRequest {
		return &customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{
			FirstName: "Ada", Email: unique("ada") + "@example.com", Addresses: []*customerv1.Address{home()},
		}}
	}
	made, err := s.customer.CreateCustomer(ctx, newCustomer())
	if err != nil {
		s.t.Fatal(err)
	}
	customer := made.GetCustomer()
	address := customer.GetAddresses()[0].GetId()
	readCustomer := func() (*customerv1.Customer, error) {
		res, err := s.customer.GetCustomer(ctx, &customerv1.GetCustomerRequest{Id: customer.GetId()})
		return res.GetCustomer(), err
	}
	return map[string]takesResource{
		"CategoryService.CreateCategory": {request: func() proto.Message {
			return &catalogv1.CreateCategoryRequest{Category: &catalogv1.Category{Name: unique("Lamps")}}
		}},
		"CategoryService.UpdateCategory": {
			request: func() proto.Message {
				return &catalogv1.UpdateCategoryRequest{Category: &catalogv1.Category{Id: product.GetCategoryId(), Name: unique("Lamps")}}
			},
			read: func() (proto.Message, error) {
				res, err := s.category.GetCategory(ctx, &catalogv1.GetCategoryRequest{Id: product.GetCategoryId()})
				return res.GetCategory(), err
			},
		},
		"ProductService.CreateProduct": {request: func() proto.Message {
			return &catalogv1.CreateProductRequest{Product: &catalogv1.Product{Code: unique("LAMP"), Name: "Lamp", CategoryId: product.GetCategoryId(), Price: euros(5, 0)}}
		}},
		"ProductService.UpdateProduct": {
			request: func() proto.Message {
				return &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: product.GetId(), Name: unique("Lamp")}}
			},
			read: func() (proto.Message, error) {
				res, err := s.product.GetProduct(ctx, &catalogv1.GetProductRequest{Id: product.GetId()})
				return res.GetProduct(), err
			},
		},
		"CustomerService.CreateCustomer": {request: func() proto.Message { return newCustomer() }},
		"CustomerService.UpdateCustomer": {
			request: func() proto.Message {
				return &customerv1.UpdateCustomerRequest{Customer: &customerv1.Customer{Id: customer.GetId(), LastName: unique("Lovelace")}}
			},
			read: func() (proto.Message, error) { return readCustomer() },
		},
		"CustomerService.CreateAddress": {request: func() proto.Message {
			return &customerv1.CreateAddressRequest{CustomerId: customer.GetId(), Address: home()}
		}},
		"CustomerService.UpdateAddress": {
			request: func() proto.Message {
				return &customerv1.UpdateAddressRequest{CustomerId: customer.GetId(), Address: &customerv1.Address{Id: address, Label: unique("home")}}
			},
			read: func() (proto.Message, error) {
				read, err := readCustomer()
				return read.GetAddresses()[0], err
			},
		},
		"OrderService.UpdateOrder": {
			request: func() proto.Message {
				return &orderv1.UpdateOrderRequest{Order: &orderv1.Order{Id: order.GetId(), Shipment: &orderv1.Shipment{TrackingCode: unique("RX")}}}
			},
			read: func() (proto.Message, error) {
				res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: order.GetId()})
				return res.GetOrder(), err
			},
		},
		"ConfigService.UpdateSettings": {
			request: func() proto.Message { return shopSettings(&shopv1.Settings{Name: new(unique("Hill & Dale"))}) },
			read: func() (proto.Message, error) {
				res, err := s.config.GetSettings(ctx, &configv1.GetSettingsRequest{Context: "shop"})
				return res.GetSettings(), err
			},
		},
	}
}

// Ids, states, totals, times and all else that the contracts name OUTPUT_ONLY is the shop's to
// set. What makes a resource refuses a request that holds one of them, and so does an update over
// REST, where the body is the mask too; in other updates, and within a shipment, it has no effect.
func TestNobodySetsWhatTheShopSets(t *testing.T) {
	t.Parallel()
	s := up(t)
	rows := s.takingResources()
	if got, want := slices.Sorted(maps.Keys(rows)), rpcsThatTakeResources(); !slices.Equal(got, want) {
		t.Fatalf("tried are %q, and these take a resource: %q", got, want)
	}
	tried := 0
	for rpc, row := range rows {
		method := methodOf(t, rpc)
		field := resourceIn(method)
		create := row.read == nil
		for _, f := range forgeries(row.request().ProtoReflect().Get(field).Message(), "", create) {
			for _, protocol := range []string{"Connect", "REST"} {
				forged := row.request()
				f.set(forged.ProtoReflect().Mutable(field).Message())
				var answer proto.Message
				var refused refusal
				if protocol == "REST" {
					answer, refused = s.overREST(method, forged, bearer(s.token))
				} else {
					answer, refused = s.overRPC(connecthttp.NewTransport(http.DefaultClient, s.api["order"]), method, forged, bearer(s.token))
				}
				tried++
				switch {
				case answer == nil && refused.reason != "INVALID_FIELD":
					t.Errorf("%s over %s with %s: %+v", rpc, protocol, f.path, refused)
				case answer != nil && (create || protocol == "REST" && !strings.Contains(f.path, ".")):
					t.Errorf("%s over %s took a request with %s: %v", rpc, protocol, f.path, answer)
				case answer != nil && f.tookEffect(answer.ProtoReflect().Get(method.Output().Fields().Get(0)).Message()):
					t.Errorf("%s over %s set %s: %v", rpc, protocol, f.path, answer)
				}
				if create {
					continue
				}
				if kept, err := row.read(); err != nil || f.tookEffect(kept.ProtoReflect()) {
					t.Errorf("after %s over %s with %s there is %v (%v)", rpc, protocol, f.path, kept, err)
				}
			}
		}
		if _, refused := s.overREST(method, row.request(), bearer(s.token)); refused.code != "" {
			t.Errorf("%s without any of them: %+v", rpc, refused) // or all were refused for something else
		}
	}
	if tried < 80 {
		t.Errorf("only %d requests were tried", tried)
	}
}

// rpcsThatTakeResources are sorted.
func rpcsThatTakeResources() (names []string) {
	for _, method := range contracts.RPCs() {
		if resourceIn(method) != nil {
			names = append(names, string(method.Parent().Name())+"."+string(method.Name()))
		}
	}
	slices.Sort(names)
	return names
}

// resourceIn is the field of an RPC's request that holds a resource; nil when there is none.
func resourceIn(method protoreflect.MethodDescriptor) protoreflect.FieldDescriptor {
	fields := method.Input().Fields()
	for i := range fields.Len() {
		inner := fields.Get(i).Message()
		if inner == nil || fields.Get(i).IsMap() {
			continue
		}
		for j := range inner.Fields().Len() {
			if behaves(inner.Fields().Get(j), annotations.FieldBehavior_IDENTIFIER) || behaves(inner.Fields().Get(j), annotations.FieldBehavior_OUTPUT_ONLY) {
				return fields.Get(i)
			}
		}
	}
	return nil
}

func behaves(field protoreflect.FieldDescriptor, as annotations.FieldBehavior) bool {
	all, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(all, as)
}

// forgery is a field of a resource that the shop alone sets.
type forgery struct {
	path  string
	field protoreflect.FieldDescriptor
	// in returns the message in a resource that has the field; nil where there is none.
	in func(resource protoreflect.Message) protoreflect.Message
}

// forgeries are those of a resource and of the messages that it holds. Its own id is one where it
// is to be made.
func forgeries(resource protoreflect.Message, path string, create bool) []forgery {
	var all []forgery
	within := func(name string, part protoreflect.Message, in func(protoreflect.Message) protoreflect.Message) {
		for _, f := range forgeries(part, path+name+".", true) {
			inner := f.in
			f.in = func(resource protoreflect.Message) protoreflect.Message {
				if part := in(resource); part != nil {
					return inner(part)
				}
				return nil
			}
			all = append(all, f)
		}
	}
	fields := resource.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		name := string(field.Name())
		switch {
		case behaves(field, annotations.FieldBehavior_OUTPUT_ONLY), create && behaves(field, annotations.FieldBehavior_IDENTIFIER):
			all = append(all, forgery{path + name, field, func(message protoreflect.Message) protoreflect.Message { return message }})
		case field.IsMap() || field.Message() == nil || !resource.Has(field):
		case field.IsList():
			within(name+"[0]", resource.Get(field).List().Get(0).Message(), func(message protoreflect.Message) protoreflect.Message {
				if message.Get(field).List().Len() == 0 {
					return nil
				}
				return message.Mutable(field).List().Get(0).Message()
			})
		default:
			within(name, resource.Get(field).Message(), func(message protoreflect.Message) protoreflect.Message {
				if !message.Has(field) {
					return nil
				}
				return message.Mutable(field).Message()
			})
		}
	}
	return all
}

// set sets the field.
func (f forgery) set(resource protoreflect.Message) {
	in := f.in(resource)
	in.Set(f.field, forgedValue(f.field, in))
}

// tookEffect reports whether a resource of the shop's holds what set sets.
func (f forgery) tookEffect(resource protoreflect.Message) bool {
	in := f.in(resource)
	if in == nil || !in.Has(f.field) {
		return false
	}
	forged := forgedValue(f.field, in.New())
	if !f.field.IsList() {
		return in.Get(f.field).Equal(forged)
	}
	list := in.Get(f.field).List()
	for i := range list.Len() {
		if list.Get(i).Equal(forged.List().Get(0)) {
			return true
		}
	}
	return false
}

// forgedValue is one that the shop does not come to by itself, for a field of a message.
func forgedValue(field protoreflect.FieldDescriptor, in protoreflect.Message) protoreflect.Value {
	if !field.IsList() {
		return forgedElement(field, func() protoreflect.Value { return in.NewField(field) })
	}
	list := in.NewField(field).List()
	list.Append(forgedElement(field, list.NewElement))
	return protoreflect.ValueOfList(list)
}

func forgedElement(field protoreflect.FieldDescriptor, empty func() protoreflect.Value) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.StringKind:
		if field.Name() == "currency_code" {
			return protoreflect.ValueOfString("EUR")
		}
		return protoreflect.ValueOfString("0198f3c2-5a77-7c3e-9d0e-2f6a4b8c1dff")
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(424_242)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(424_242)
	case protoreflect.EnumKind:
		values := field.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(values.Len() - 1).Number())
	case protoreflect.MessageKind:
		message := empty().Message()
		for i := range message.Descriptor().Fields().Len() {
			part := message.Descriptor().Fields().Get(i)
			if part.Message() == nil { // as deep as an amount of money
				message.Set(part, forgedValue(part, message))
			}
		}
		return protoreflect.ValueOfMessage(message)
	default:
		panic(fmt.Sprintf("no value for %s is known here", field.FullName()))
	}
}
