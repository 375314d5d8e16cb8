package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

const (
	// accessURL is where the shop says that it is reached.
	accessURL = "http://lamps.localhost"
	// demoMug is a product of the demo.
	demoMug = "KI-MUG-INK"
)

// demoShop is a shop with its demo's people, who are signed in.
type demoShop struct {
	shop

	people                 process.Demo
	owner, seller, shopper *member
}

// What the shop promises about who may do what, from outside: by HTTP and by the libraries of
// the protocols, against one program with its demo. How soon a disabled person is out, and how
// soon a setting is in force, measures `make bench`; the README's lines are tried by TestReadme.
func TestAccess(t *testing.T) {
	t.Parallel()
	s := upWith(t, []string{app.PublicURLVariable + "=" + accessURL}, "--demo")
	d := &demoShop{
		shop: s.shop, people: s.demo,
		owner:   s.signIn(identityv1.AccountKind_ACCOUNT_KIND_STAFF, s.demo.Owner),
		seller:  s.signIn(identityv1.AccountKind_ACCOUNT_KIND_STAFF, s.demo.Staff),
		shopper: s.signIn(identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, s.demo.Customer),
	}
	for _, promise := range []struct {
		name string
		try  func(*demoShop)
	}{
		{"nobody is UNAUTHENTICATED on RPCs of staff over every protocol", (*demoShop).nobodyOnRPCsOfStaff},
		{"a customer is PERMISSION_DENIED there", (*demoShop).customerOnRPCsOfStaff},
		{"a forged Shopmesh-Caller is 401", (*demoShop).forgedCaller},
		{"a token without a signature, or signed with the public key, is 401", (*demoShop).forgedTokens},
		{"another customer's order answers as a missing one", (*demoShop).anothersOrder},
		{"a guest's token opens its order, no other and no list", (*demoShop).guestsToken},
		{"signing up answers alike for known and unknown addresses", (*demoShop).signUpsAlike},
		{"nobody signs in before the address is verified", (*demoShop).signInBeforeVerification},
		{"a mailed link leads to the shop's own address, whatever the request names", (*demoShop).forgedHost},
		{"a GET uses no link up, and a POST does once", (*demoShop).linkIsUsedOnce},
		{"what staff reads of a mail holds no token, and the inbox asks for one", (*demoShop).mailsHideTokens},
		{"two hundred wrong passwords lock out where they came from alone", (*demoShop).lockOut},
		{"two refreshes at once get one token, and reuse ends the session", (*demoShop).refreshTwice},
		{"staff who is disabled is out, and their streams end", (*demoShop).disabledStaff},
		{"so is their API key", (*demoShop).disabledStaffsKey},
		{"nobody grants what they lack", (*demoShop).rolesBeyondOnesOwn},
		{"other machines get no shop without TLS", (*demoShop).listensInTheClear},
		{"a cart that is merged twice at once counts once", (*demoShop).cartMergedTwice},
		{"settings are refused out of bounds and by a stale etag, else in force", (*demoShop).settings},
	} {
		t.Run(promise.name, func(t *testing.T) {
			mine := *d
			mine.t = t
			promise.try(&mine)
		})
	}
}

// signIn signs somebody in who has an account.
func (s *shop) signIn(kind identityv1.AccountKind, login process.Login) *member {
	s.t.Helper()
	res, err := s.accounts().SignIn(s.t.Context(), &identityv1.SignInRequest{Kind: kind, Email: login.Email, Password: login.Password})
	if err != nil {
		s.t.Fatalf("sign in as %s: %v", login.Email, err)
	}
	return &member{s: s, email: login.Email, session: res.GetSession()}
}

// tokenOf returns an access token that was made just now, so that none expires on a busy machine.
func (d *demoShop) tokenOf(m *member) string {
	d.t.Helper()
	m.s = &d.shop // of the promise that is tried
	if err := m.refresh(); err != nil {
		d.t.Fatalf("refresh the session of %s: %v", m.email, err)
	}
	return m.session.GetAccessToken()
}

// ofStaff are requests of RPCs that need permissions, each of which succeeds for the owner, also
// when it is sent again.
func ofStaff() map[string]proto.Message {
	return map[string]proto.Message{
		"CustomerService.ListCustomers":         &customerv1.ListCustomersRequest{PageSize: 1},
		"StaffService.ListAccounts":             &identityv1.ListAccountsRequest{PageSize: 1},
		"NotificationService.ListNotifications": &notificationv1.ListNotificationsRequest{PageSize: 1},
		"ConfigService.GetSettings":             &configv1.GetSettingsRequest{Context: "order"},
		"InventoryService.AdjustStock": &inventoryv1.AdjustStockRequest{
			RequestId: uuid.NewString(), ProductCode: demoMug, Delta: 1, Reason: "delivery",
		},
	}
}

// tryOfStaff calls the RPCs of staff over every protocol, and wants each refused so; an empty
// code stands for success.
func (d *demoShop) tryOfStaff(header http.Header, code, reason string) {
	d.t.Helper()
	protocols := map[string]bool{}
	for rpc, request := range ofStaff() {
		for protocol, got := range d.overEach(rpc, request, header) {
			protocols[protocol] = true
			if got.code != code || got.reason != reason {
				d.t.Errorf("%s over %s: %+v, want %s %s", rpc, protocol, got, code, reason)
			}
		}
	}
	if len(protocols) != 5 {
		d.t.Errorf("tried over %v", protocols)
	}
}

func (d *demoShop) nobodyOnRPCsOfStaff() {
	d.tryOfStaff(nil, "unauthenticated", "UNAUTHENTICATED")
	d.tryOfStaff(bearer(d.tokenOf(d.owner)), "", "") // or they would be refused for something else
}

func (d *demoShop) customerOnRPCsOfStaff() {
	d.tryOfStaff(bearer(d.tokenOf(d.shopper)), "permission_denied", "PERMISSION_DENIED")
}

// unauthenticated calls an RPC of staff and a public one over every protocol, and wants 401.
func (d *demoShop) unauthenticated(what string, header http.Header) {
	d.t.Helper()
	for rpc, request := range map[string]proto.Message{
		"CustomerService.ListCustomers": &customerv1.ListCustomersRequest{PageSize: 1},
		"ProductService.GetProduct":     &catalogv1.GetProductRequest{Code: demoMug},
	} {
		for protocol, got := range d.overEach(rpc, request, header) {
			if got.code != "unauthenticated" || got.reason != "UNAUTHENTICATED" {
				d.t.Errorf("%s: %s over %s: %+v", what, rpc, protocol, got)
			}
		}
	}
}

func (d *demoShop) forgedCaller() {
	owner, customer := d.tokenOf(d.owner), d.tokenOf(d.shopper)
	service, err := token.NewServiceSigner("order", testkit.ServiceKey("order"), time.Now).For("customer")
	if err != nil {
		d.t.Fatal(err)
	}
	for what, header := range map[string]http.Header{
		"alone":                             {token.Caller: {owner}},
		"beside a customer's token":         {token.Authorization: {"Bearer " + customer}, token.Caller: {owner}},
		"beside the owner's own":            {token.Authorization: {"Bearer " + owner}, token.Caller: {owner}},
		"by a service of a key of its own":  {token.Authorization: {"Bearer " + service}, token.Caller: {owner}},
		"that is no token, and nobody else": {token.Caller: {`{"kind":"owner"}`}},
	} {
		d.unauthenticated("Shopmesh-Caller "+what, header)
	}
}

// forgedTokens alters the owner's token, which is good as it is.
func (d *demoShop) forgedTokens() {
	owner := d.tokenOf(d.owner)
	parts := strings.Split(owner, ".")
	header := func(algorithm string) string {
		text, err := base64.RawURLEncoding.DecodeString(parts[0])
		var members map[string]any
		if err = errors.Join(err, json.Unmarshal(text, &members)); err != nil {
			d.t.Fatal(err)
		}
		members["alg"] = algorithm
		if text, err = json.Marshal(members); err != nil {
			d.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	if status, answer := d.curl(http.MethodGet, "/v1/customers?pageSize=1", "", bearer(owner)); status != http.StatusOK {
		d.t.Fatalf("the token that is altered: %d %s", status, answer)
	}
	forged := map[string]string{"alg none": header("none") + "." + parts[1] + ".", "alg none with the signature": header("none") + "." + parts[1] + "." + parts[2]}
	for form, secret := range d.publicKey(parts[0]) {
		signed := header("HS256") + "." + parts[1]
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		forged["HS256 with the public key as "+form] = signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	for what, text := range forged {
		d.unauthenticated(what, bearer(text))
	}
}

// publicKey returns the public key that a token's header names, as the shop publishes it, in
// the encodings that a verifier might take for the secret of an HMAC.
func (d *demoShop) publicKey(header string) map[string][]byte {
	d.t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(header)
	var of struct{ Kid string }
	if err = errors.Join(err, json.Unmarshal(text, &of)); err != nil {
		d.t.Fatal(err)
	}
	_, answer := d.curl(http.MethodGet, "/.well-known/jwks.json", "", nil)
	var set struct {
		Keys []json.RawMessage
	}
	if err := json.Unmarshal(answer, &set); err != nil {
		d.t.Fatalf("%s: %v", answer, err)
	}
	for _, text := range set.Keys {
		var key struct{ Kid, X, Y string }
		if err := json.Unmarshal(text, &key); err != nil {
			d.t.Fatal(err)
		}
		if key.Kid != of.Kid {
			continue
		}
		x, xErr := base64.RawURLEncoding.DecodeString(key.X)
		y, yErr := base64.RawURLEncoding.DecodeString(key.Y)
		public, keyErr := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if err := errors.Join(xErr, yErr, keyErr); err != nil {
			d.t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			d.t.Fatal(err)
		}
		return map[string][]byte{"JWK": text, "DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}
	}
	d.t.Fatalf("the shop does not publish the key %q: %s", of.Kid, answer)
	return nil
}

func (d *demoShop) anothersOrder() {
	_, other := d.signUp(unique("other") + "@example.com")
	listed, err := d.ordersAs(d.tokenOf(d.shopper)).ListOrders(d.t.Context(), &orderv1.ListOrdersRequest{})
	if err != nil || len(listed.GetOrders()) == 0 {
		d.t.Fatalf("the demo's customer has the orders %v (%v)", listed.GetOrders(), err)
	}
	order := d.reached(listed.GetOrders()[0].GetId(), confirmed)
	missing := uuid.NewString()
	for rpc, row := range map[string]struct {
		anothers string
		request  func(id string) proto.Message
		reason   string
	}{
		"OrderService.GetOrder": {order.GetId(), func(id string) proto.Message { return &orderv1.GetOrderRequest{Id: id} }, "ORDER_NOT_FOUND"},
		"OrderService.CancelOrder": {
			order.GetId(), func(id string) proto.Message { return &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: id} }, "ORDER_NOT_FOUND",
		},
		"PaymentService.GetPayment":   {order.GetPaymentId(), func(id string) proto.Message { return &paymentv1.GetPaymentRequest{Id: id} }, "PAYMENT_NOT_FOUND"},
		"CustomerService.GetCustomer": {order.GetCustomerId(), func(id string) proto.Message { return &customerv1.GetCustomerRequest{Id: id} }, "CUSTOMER_NOT_FOUND"},
	} {
		anothers := d.overEach(rpc, row.request(row.anothers), bearer(other.GetAccessToken()))
		for protocol, gone := range d.overEach(rpc, row.request(missing), bearer(other.GetAccessToken())) {
			got := anothers[protocol]
			if got.code != "not_found" || got.reason != row.reason || got.code != gone.code || got.reason != gone.reason ||
				strings.ReplaceAll(got.message, row.anothers, "ID") != strings.ReplaceAll(gone.message, missing, "ID") {
				d.t.Errorf("%s over %s: another's is %+v, a missing one %+v", rpc, protocol, got, gone)
			}
		}
	}
}

func (d *demoShop) guestsToken() {
	nobody := orderv1connect.NewOrderServiceClient(testkit.Client(d.t, d.api["order"]))
	var placed []*orderv1.PlaceOrderResponse
	for range 2 {
		res, err := nobody.PlaceOrder(d.t.Context(), request("sandbox_ok", of(demoMug, 1)))
		if err != nil {
			d.t.Fatal(err)
		}
		placed = append(placed, res)
	}
	header := bearer(placed[0].GetGuestToken())
	own, another := "/v1/orders/"+placed[0].GetOrder().GetId(), "/v1/orders/"+placed[1].GetOrder().GetId()
	if status, answer := d.curl(http.MethodGet, own, "", header); status != http.StatusOK || !bytes.Contains(answer, []byte(placed[0].GetOrder().GetNumber())) {
		d.t.Errorf("the guest's order: %d %s", status, answer)
	}
	if status, got := d.refusedBy(http.MethodGet, another, "", header); status != http.StatusNotFound || got.reason != "ORDER_NOT_FOUND" {
		d.t.Errorf("another guest's order: %d %+v", status, got)
	}
	for _, path := range []string{"/v1/orders", "/v1/orders?filter=" + url.QueryEscape(`state = PLACED`)} {
		if status, got := d.refusedBy(http.MethodGet, path, "", header); status != http.StatusForbidden || got.reason != "PERMISSION_DENIED" {
			d.t.Errorf("%s: %d %+v", path, status, got)
		}
	}
}

func (d *demoShop) listensInTheClear() {
	data := filepath.Join(tempDir(d.t), "data")
	up := exec.CommandContext(d.t.Context(), program(d.t, "cmd/shopmesh"), "up", "--data", data, "--listen", "0.0.0.0:0")
	out, err := up.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || bytes.Count(out, []byte("\n")) != 1 || !bytes.Contains(out, []byte("--tls-cert")) {
		d.t.Errorf("it ended with %v: %s", err, out)
	}
	if _, err := os.Stat(data); err == nil {
		d.t.Error("something was started")
	}
}

func (d *demoShop) cartMergedTwice() {
	_, session := d.signUp(unique("carts") + "@example.com")
	own := orderv1connect.NewCartServiceClient(testkit.Client(d.t, d.api["order"], token.Show(session.GetAccessToken())))
	guests := orderv1connect.NewCartServiceClient(testkit.Client(d.t, d.api["order"]))
	if _, err := own.SetCartItem(d.t.Context(), &orderv1.SetCartItemRequest{ProductCode: demoMug, Quantity: new(int32(1))}); err != nil {
		d.t.Fatal(err)
	}
	begun, err := guests.SetCartItem(d.t.Context(), &orderv1.SetCartItemRequest{ProductCode: demoMug, Quantity: new(int32(2))})
	if err != nil {
		d.t.Fatal(err)
	}
	var tabs errgroup.Group
	for range 2 {
		tabs.Go(func() error {
			_, err := own.MergeCart(d.t.Context(), &orderv1.MergeCartRequest{CartToken: begun.GetCartToken(), RequestId: uuid.NewString()})
			return err
		})
	}
	if err := tabs.Wait(); err != nil {
		d.t.Fatal(err)
	}
	got, err := own.GetCart(d.t.Context(), &orderv1.GetCartRequest{})
	if lines := got.GetCart().GetLines(); err != nil || len(lines) != 1 || lines[0].GetQuantity() != 3 {
		d.t.Errorf("the cart is %v (%v)", got.GetCart(), err)
	}
}

// That settings are kept while config does not start again, TestConfigMayBeAwayOverARestart in
// kit/settings holds: of the services in one process none can be away alone.
func (d *demoShop) settings() {
	const shopSet = "/v1/settings/shop"
	header := bearer(d.tokenOf(d.owner))
	read := func() (etag string, version int64) {
		d.t.Helper()
		_, answer := d.curl(http.MethodGet, shopSet, "", header)
		var read struct {
			Settings struct {
				Etag    string
				Version int64 `json:",string"`
			}
		}
		if err := json.Unmarshal(answer, &read); err != nil || read.Settings.Etag == "" {
			d.t.Fatalf("%s: %v", answer, err)
		}
		return read.Settings.Etag, read.Settings.Version
	}
	if status, got := d.refusedBy(http.MethodPatch, "/v1/settings/notification", `{"notification": {"retryAfter": "0s"}}`, header); status != http.StatusBadRequest || got.reason != "INVALID_FIELD" {
		d.t.Errorf("out of bounds: %d %+v", status, got)
	}
	stale, _ := read()
	if status, answer := d.curl(http.MethodPatch, shopSet, `{"shop": {"name": "Hill & Dale"}}`, header); status != http.StatusOK {
		d.t.Fatalf("a name: %d %s", status, answer)
	}
	etag, version := read()
	if status, got := d.refusedBy(http.MethodPatch, shopSet, `{"etag": "`+strings.ReplaceAll(stale, `"`, `\"`)+`", "shop": {"name": "Late"}}`, header); status != http.StatusConflict || got.reason != "ETAG_MISMATCH" {
		d.t.Errorf("a stale etag: %d %+v", status, got)
	}
	if now, _ := read(); now != etag {
		d.t.Errorf("the etag became %s after %s", now, etag)
	}
	d.mailsName("Hill & Dale")
	d.applied("notification", "shop", version)
}
