package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/services/identity"
)

const (
	// disablings and demotions are how many people are timed; each costs a password's hash.
	disablings, demotions = 10, 10
	// stillIn is after which time somebody who should be out is not waited for any more. The
	// aims are five seconds for people and a minute for API keys.
	stillIn = 2 * time.Minute
)

// access measures how long after the request that disables or demotes a member of staff order
// answers their access token with UNAUTHENTICATED, and an API key that somebody made who is
// disabled.
func (b *bench) access(ctx context.Context) error {
	owner := identityv1connect.NewStaffServiceClient(newClient(b.shop.api, b.shop.token))
	disable := func(ctx context.Context, m member) error {
		_, err := owner.DisableAccount(ctx, &identityv1.DisableAccountRequest{Id: m.id})
		return err
	}
	demote := func(ctx context.Context, m member) error {
		_, err := owner.SetRoles(ctx, &identityv1.SetRolesRequest{Id: m.id})
		return err
	}
	disabled, err := b.outAfter(ctx, disablings, disable, func(m member) string { return m.accessToken })
	if err != nil {
		return fmt.Errorf("disable staff: %w", err)
	}
	demoted, err := b.outAfter(ctx, demotions, demote, func(m member) string { return m.accessToken })
	if err != nil {
		return fmt.Errorf("demote staff: %w", err)
	}
	keys, err := b.outAfter(ctx, 1, disable, func(m member) string { return m.key })
	if err != nil {
		return fmt.Errorf("disable who made an API key: %w", err)
	}
	fmt.Printf("staff is out after p50 %.0f ms, at most %.0f ms (%d disabled), p50 %.0f ms, at most %.0f ms (%d demoted); the API key of one disabled after %.0f ms\n\n",
		percentile(disabled, 0.5), percentile(disabled, 1), disablings, percentile(demoted, 0.5), percentile(demoted, 1), demotions, percentile(keys, 1))
	return nil
}

// member is somebody who works for the shop and may read orders.
type member struct{ id, accessToken, key string }

// outAfter takes something from people, one after the other, and returns how long each time
// what they show was still good.
func (b *bench) outAfter(ctx context.Context, times int, take func(context.Context, member) error, shown func(member) string) ([]time.Duration, error) {
	var took []time.Duration
	for range times {
		m, err := b.hire(ctx)
		if err != nil {
			return nil, err
		}
		orders := orderv1connect.NewOrderServiceClient(newClient(b.shop.api, shown(m)))
		read := func() error {
			_, err := orders.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: 1})
			return err
		}
		if err := read(); err != nil {
			return nil, fmt.Errorf("before it is taken: %w", err)
		}
		begin := time.Now()
		if err := take(ctx, m); err != nil {
			return nil, err
		}
		for err = read(); connect.CodeOf(err) != connect.CodeUnauthenticated; err = read() {
			if err != nil {
				return nil, err
			}
			if time.Since(begin) > stillIn {
				return nil, fmt.Errorf("they are still in after %s", stillIn)
			}
		}
		took = append(took, time.Since(begin))
	}
	return took, nil
}

// hire makes the account of a member of staff, by a link of the operator's, and an API key of
// theirs.
func (b *bench) hire(ctx context.Context) (m member, err error) {
	link, err := identity.CreateLink(ctx, b.shop.socket, "staff:ORDERS_READ,ACCOUNTS_WRITE", strings.ToLower(rand.Text())+"@example.com")
	if err != nil {
		return m, err
	}
	accepted, err := identityv1connect.NewStaffServiceClient(newClient(b.shop.api, "")).AcceptInvite(ctx, &identityv1.AcceptInviteRequest{
		Token: link.Token(), Password: rand.Text(), FirstName: "Grace",
	})
	if err != nil {
		return m, fmt.Errorf("AcceptInvite: %w", err)
	}
	m.accessToken = accepted.GetSession().GetAccessToken()
	created, err := identityv1connect.NewStaffServiceClient(newClient(b.shop.api, m.accessToken)).CreateApiKey(ctx, &identityv1.CreateApiKeyRequest{
		DisplayName: "bench", Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_ORDERS_READ}, ExpireTime: timestamppb.New(time.Now().Add(time.Hour)),
	})
	if err != nil {
		return m, fmt.Errorf("CreateApiKey: %w", err)
	}
	m.id, m.key = created.GetApiKey().GetCreator(), created.GetSecret()
	return m, nil
}
