package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	"github.com/shopmesh/shopmesh/e2e/internal/totp"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// canaries are texts that occur nowhere else, by what they were given as.
type canaries map[string]string

// make returns a new text for a use.
func (c canaries) make(use string) string {
	text := "canary" + strings.ToLower(rand.Text())
	c[use] = text
	return text
}

// in returns the uses of the texts that occur in a content.
func (c canaries) in(content []byte) []string {
	var found []string
	for use, text := range c {
		if bytes.Contains(content, []byte(text)) {
			found = append(found, use)
		}
	}
	return found
}

// What people type and what opens their accounts stays where it belongs, through every RPC:
// nothing personal is in the log, at its most talkative, or in the metrics, and what signs
// somebody in is in no file of the shop, which holds its databases, events and dead letters.
// The inbox's files are left out: they are what the mail server would have.
func TestCanariesStayOut(t *testing.T) {
	t.Parallel()
	log := &testkit.Lines{}
	s := &oneProcess{shop: shop{t: t}, data: filepath.Join(tempDir(t), "data"), env: []string{app.LogLevelVariable + "=debug"}, log: log}
	s.start()
	personal, secrets := canaries{}, canaries{}
	s.tryEveryRPC(personal)
	s.shopWith(personal, secrets)

	for _, address := range s.internal {
		content := s.read(address + "/metrics")
		if found := append(personal.in(content), secrets.in(content)...); len(found) > 0 {
			t.Errorf("the metrics hold the canaries of %q", found)
		}
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the shop exited %d", code)
	}
	if found := append(personal.in([]byte(log.String())), secrets.in([]byte(log.String()))...); len(found) > 0 {
		t.Errorf("the log holds the canaries of %q", found)
	}
	files, names := 0, 0
	err := filepath.WalkDir(s.data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path == filepath.Join(s.data, "inbox") {
			return filepath.SkipDir
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if bytes.Contains(content, []byte(personal["first name"])) {
			names++ // as it must be somewhere: the order's
		}
		if found := secrets.in(content); len(found) > 0 {
			t.Errorf("the file %s holds the canaries of %q", strings.TrimPrefix(path, s.data), found)
		}
		return nil
	})
	if err != nil || files < 100 || names == 0 {
		t.Errorf("%d files were read, the order's name was found in %d of them (%v)", files, names, err)
	}
	if len(personal) < 50 || len(secrets) < 30 || !strings.Contains(log.String(), "/shopmesh.order.v1.OrderService/PlaceOrder") {
		t.Errorf("only %d personal canaries and %d secrets were tried; the log has %d bytes", len(personal), len(secrets), len(log.String()))
	}
}

func (s *shop) read(url string) []byte {
	s.t.Helper()
	res, err := s.http().Get(url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d, %v", url, res.StatusCode, err)
	}
	return content
}

// tryEveryRPC sends every RPC of the API that is no stream a request whose redacted texts are
// canaries, as the owner and as nobody. Most are refused, and refusals are logged, too.
func (s *shop) tryEveryRPC(personal canaries) {
	s.t.Helper()
	anonymous := &http.Client{}
	for _, method := range contracts.RPCs() {
		if method.IsStreamingClient() || method.IsStreamingServer() {
			continue
		}
		body, err := json.Marshal(canaryOf(personal, method.Input(), string(method.Name()), 3))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, client := range []*http.Client{s.http(), anonymous} {
			res, err := client.Post(s.api["order"]+contracts.Procedure(method), "application/json", bytes.NewReader(body))
			if err != nil {
				s.t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	}
}

// canaryOf returns the JSON of a message in which each redacted text is a canary.
func canaryOf(personal canaries, message protoreflect.MessageDescriptor, use string, depth int) map[string]any {
	fields := map[string]any{}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		options, _ := field.Options().(*descriptorpb.FieldOptions)
		var value any
		switch {
		case field.IsMap():
		case field.Kind() == protoreflect.StringKind && options.GetDebugRedact():
			value = personal.make(use + "." + string(field.Name()))
		case field.Message() != nil && depth > 0 && strings.HasPrefix(string(field.Message().FullName()), "shopmesh."):
			if inner := canaryOf(personal, field.Message(), use+"."+string(field.Name()), depth-1); len(inner) > 0 {
				value = inner
			}
		}
		if value != nil && field.IsList() {
			value = []any{value}
		}
		if value != nil && (field.ContainingOneof() == nil || len(fields) == 0) {
			fields[field.JSONName()] = value
		}
	}
	return fields
}

// shopWith orders as a guest and as a customer whose every text is a canary, and signs in,
// out and in again with every kind of secret.
func (s *shop) shopWith(personal, secrets canaries) {
	t, ctx := s.t, s.t.Context()
	mug := s.sell(euros(12, 0), 10)
	req := request("sandbox_ok", of(mug.GetCode(), 1))
	address := personal.make("the guest's e-mail") + "@example.com"
	req.Contact = &orderv1.Contact{FirstName: personal.make("first name"), LastName: personal.make("last name"), Email: address}
	req.ShippingAddress.Locality, req.ShippingAddress.AddressLines = personal.make("locality"), []string{personal.make("address line")}
	anonymous := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"]))
	placed, err := anonymous.PlaceOrder(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	secrets["the guest's token"] = placed.GetGuestToken()
	s.reached(placed.GetOrder().GetId(), confirmed)
	s.oneMail(address)
	if _, err := s.order.CancelOrder(ctx, &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: placed.GetOrder().GetId(), Reason: personal.make("reason")}); err != nil {
		t.Fatal(err)
	}
	cart, err := orderv1connect.NewCartServiceClient(testkit.Client(t, s.api["order"])).SetCartItem(ctx, &orderv1.SetCartItemRequest{ProductCode: mug.GetCode(), Quantity: new(int32(1))})
	if err != nil {
		t.Fatal(err)
	}
	secrets["the cart's token"] = cart.GetCartToken()

	accounts := identityv1connect.NewAccountServiceClient(testkit.Client(t, s.api["identity"]))
	address = personal.make("the customer's e-mail") + "@example.com"
	if _, err := accounts.SignUp(ctx, &identityv1.SignUpRequest{Email: address}); err != nil {
		t.Fatal(err)
	}
	secrets["the link"] = s.mailedToken(address)
	signIn := &identityv1.SignInRequest{Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: address, Password: secrets.make("password")}
	verified, err := accounts.VerifyEmail(ctx, &identityv1.VerifyEmailRequest{
		Token: secrets["the link"], Password: signIn.GetPassword(), FirstName: personal.make("the customer's name"),
	})
	if err != nil {
		t.Fatal(err)
	}
	secrets["an access token"], secrets["a refresh token"] = verified.GetSession().GetAccessToken(), verified.GetSession().GetRefreshToken()
	wrong := &identityv1.SignInRequest{Kind: signIn.GetKind(), Email: address, Password: secrets.make("a wrong password")}
	if _, err := accounts.SignIn(ctx, wrong); err == nil {
		t.Fatal("a wrong password signs in")
	}
	signedIn, err := accounts.SignIn(ctx, signIn)
	if err != nil {
		t.Fatal(err)
	}
	refreshed, err := accounts.RefreshSession(ctx, &identityv1.RefreshSessionRequest{RefreshToken: signedIn.GetSession().GetRefreshToken()})
	if err != nil {
		t.Fatal(err)
	}
	secrets["a successor"] = refreshed.GetSession().GetRefreshToken()
	as := identityv1connect.NewAccountServiceClient(testkit.Client(t, s.api["identity"], token.Show(refreshed.GetSession().GetAccessToken())))
	if _, err := as.ChangePassword(ctx, &identityv1.ChangePasswordRequest{Password: signIn.GetPassword(), NewPassword: secrets.make("another password")}); err != nil {
		t.Fatal(err)
	}
	s.staffWith(secrets)
}

// staffWith has a member of staff use an API key, set a second factor up, and sign in by one of
// its recovery codes.
func (s *shop) staffWith(secrets canaries) {
	t, ctx := s.t, s.t.Context()
	member := s.hire("clerk")
	secrets["an API key"] = member.key
	s.reads("the API key", member.key)
	own := identityv1connect.NewAccountServiceClient(testkit.Client(t, s.api["identity"], token.Show(member.session.GetAccessToken())))
	enrolled, err := own.EnrollTotp(ctx, &identityv1.EnrollTotpRequest{})
	if err != nil {
		t.Fatal(err)
	}
	secrets["the secret of a second factor"] = enrolled.GetSecret()
	code, err := totp.Code(enrolled.GetSecret(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	confirmed, err := own.ConfirmTotp(ctx, &identityv1.ConfirmTotpRequest{Secret: enrolled.GetSecret(), TotpCode: code})
	if err != nil {
		t.Fatal(err)
	}
	for i, code := range confirmed.GetRecoveryCodes() {
		secrets[fmt.Sprint("recovery code ", i+1)] = code
		secrets[fmt.Sprintf("recovery code %d without its hyphens", i+1)] = strings.ToUpper(strings.ReplaceAll(code, "-", ""))
	}
	if _, err := s.accounts().SignIn(ctx, &identityv1.SignInRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_STAFF, Email: member.email, Password: shopperPassword, TotpCode: confirmed.GetRecoveryCodes()[0],
	}); err != nil {
		t.Fatal(err)
	}
}
