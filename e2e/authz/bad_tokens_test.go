package authz_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// overAll are RPCs for which each bad token is tried in all ways, and handed on by a service,
// too; for the others each is tried in one of them. They are of each kind of rule, and a stream.
var overAll = []string{
	"ProductService/GetProduct", "OrderService/GetOrder", "OrderService/WatchOrder", "TokenService/MintMailLink", "OperationsService/GetStatus",
}

// tryBadTokens calls every RPC, the public ones too, with every token that is not good.
func (m *matrix) tryBadTokens(table []row) {
	over := m.overTokens()
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, r := range aboutNothing(table) {
		group.Go(func() error {
			m.guard(r, "bad tokens", func() { m.tryBadTokensOf(r, over) })
			return nil
		})
	}
	_ = group.Wait()
}

// aboutNothing is a row of each RPC, the one about what is missing where there is one: its
// request is made at once.
func aboutNothing(table []row) []row {
	of := make(map[string]row)
	for _, r := range table {
		if _, known := of[r.rpc]; !known || r.about == missing {
			of[r.rpc] = r
		}
	}
	return slices.Collect(maps.Values(of))
}

func (m *matrix) tryBadTokensOf(r row, over map[string]http.Header) {
	method := m.methods[r.rpc]
	request := fixtures[r.rpc].request(&cell{shop: m.shop, row: r, as: caller{column: nobody}})
	all := slices.Contains(overAll, r.rpc)
	ways := slices.DeleteFunc(waysTo(method), func(by way) bool { return r.ports == internal && by.port == api })
	var bad map[string]string
	for at, by := range ways {
		if at == 0 || all { // again and again: one that expires meanwhile is bad for two things
			bad = testkit.BadTokens(m.t, contextOf(method))
		}
		headers := func() map[string]http.Header {
			made := m.badHeaders(contextOf(method), bad, all)
			maps.Copy(made, over)
			return made
		}
		for i, name := range slices.Sorted(maps.Keys(headers())) {
			if !all && at != i%len(ways) {
				continue
			}
			want := "unauth"
			if strings.HasPrefix(name, "expired") {
				want = "expired"
			}
			got := m.wire.call(m.t.Context(), by, method, request, headers()[name])
			m.count(r, got, mismatch{r, "who shows: " + name, by, want, got.word(want)})
		}
	}
}

func bearer(text string) http.Header { return http.Header{token.Authorization: {"Bearer " + text}} }

// badHeaders are those with tokens that were never good for a context, and with good ones that
// are shown in a way that is not; where handedOn is set, also those with which a service hands
// on a caller whose token is not good. They are made for one call: a service's token lives for a
// minute, and when it has expired nobody looks at what it hands on.
func (m *matrix) badHeaders(callee string, bad map[string]string, handedOn bool) map[string]http.Header {
	ofOrder, ofOwner := must(testkit.Token(testkit.ServiceCaller("order"), callee)), must(testkit.Token(testkit.Owner(), ""))
	headers := map[string]http.Header{
		"an empty header":        {token.Authorization: {""}},
		"an empty token":         bearer(""),
		"a token alone":          {token.Authorization: {ofOwner}},
		"two headers":            {token.Authorization: {"Bearer " + ofOwner, "Bearer " + ofOwner}},
		"another scheme":         {token.Authorization: {"Basic b3duZXI6b3duZXI="}},
		"handed on by nobody":    {token.Caller: {ofOwner}},
		"handed on by the owner": {token.Authorization: {"Bearer " + ofOwner}, token.Caller: {ofOwner}},
		"handed on: a service":   {token.Authorization: {"Bearer " + ofOrder}, token.Caller: {ofOrder}},
		"handed on: two callers": {token.Authorization: {"Bearer " + ofOrder}, token.Caller: {ofOwner, ofOwner}},
	}
	for name, text := range bad {
		headers[name] = bearer(text)
		if handedOn {
			headers[name+", handed on"] = http.Header{token.Authorization: {"Bearer " + ofOrder}, token.Caller: {text}}
		}
	}
	return headers
}

// overTokens are headers with tokens that were good, once those who verify them know that they
// are no more.
func (m *matrix) overTokens() map[string]http.Header {
	ctx := m.t.Context()
	signedOut, disabled := m.newAccount("customer"), m.newAccount("staff:ORDERS_READ")
	key := m.newKey(m.theOwner())
	over := map[string]http.Header{
		"expired: its session was signed out": bearer(signedOut.session.GetAccessToken()),
		"expired: its account is disabled":    bearer(disabled.session.GetAccessToken()),
	}
	for name, header := range over {
		if got := m.who(header); got != ok {
			m.note(mismatch{caller: name, want: "good at first", got: got})
		}
	}
	must(m.accounts.SignOut(ctx, &identityv1.SignOutRequest{RefreshToken: signedOut.session.GetRefreshToken()}))
	must(m.staff.DisableAccount(ctx, &identityv1.DisableAccountRequest{Id: disabled.identity.AccountID}))
	for name, header := range over {
		testkit.Eventually(m.t, "a token is known to be over: "+name, func() bool { return m.who(header) == "expired" })
	}
	must(m.staff.RevokeApiKey(ctx, &identityv1.RevokeApiKeyRequest{Id: key.GetApiKey().GetId()}))
	over["an API key that was revoked"] = bearer(key.GetSecret())
	over["an API key that nobody made"] = bearer(opaque(token.APIKey))
	expired := m.newKey(m.theOwner())
	result, err := m.accountsOf.Exec(ctx, `update api_keys set create_time = create_time - interval '1 year', expire_time = create_time where id = $1`, expired.GetApiKey().GetId())
	if must(result, err).RowsAffected() != 1 {
		panic(unprepared{fmt.Errorf("there is no API key %s", expired.GetApiKey().GetId())})
	}
	over["an API key that expired"] = bearer(expired.GetSecret())
	return over
}

// who calls as whoever a header shows, and returns how that ends.
func (m *matrix) who(header http.Header) string {
	return m.wire.call(m.t.Context(), way{connectPOST, api}, m.methods["AccountService/GetSelf"], &identityv1.GetSelfRequest{}, header).word(ok)
}
