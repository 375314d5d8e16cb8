package rpc

import (
	"encoding/json"
	"net/http"

	"github.com/shopmesh/shopmesh/services/identity/internal/app"
)

// Where those find the keys and the issuer who verify tokens outside the shop.
const (
	keysPath     = "/.well-known/jwks.json"
	metadataPath = "/.well-known/oauth-authorization-server"
)

// WellKnown returns the handlers of the public keys (RFC 7517) and of what the issuer of
// tokens states about itself (RFC 8414), by their net/http patterns.
func WellKnown(keys *app.SigningKeys) map[string]http.Handler {
	return map[string]http.Handler{
		"GET " + keysPath: published(func() any {
			set := keySet{Keys: []json.RawMessage{}}
			for _, key := range keys.ListSigningKeys() {
				set.Keys = append(set.Keys, key.PublicJWK)
			}
			return set
		}),
		"GET " + metadataPath: published(func() any {
			return metadata{Issuer: keys.Issuer, KeysURI: keys.Issuer + keysPath, ResponseTypes: []string{}, GrantTypes: []string{}}
		}),
	}
}

// keySet is a JWK set.
type keySet struct {
	Keys []json.RawMessage `json:"keys"`
}

// metadata is what RFC 8414 requires. The shop grants no tokens by OAuth, so the two lists
// are empty, and are there: left out, the second would stand for OAuth's own grants.
type metadata struct {
	Issuer        string   `json:"issuer"`
	KeysURI       string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	GrantTypes    []string `json:"grant_types_supported"`
}

// published answers with a document that everybody may read and keep for five minutes,
// which is much shorter than keys are published ahead.
func published(document func() any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age=300")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_ = json.NewEncoder(w).Encode(document())
	})
}
