package pg

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shopmesh/shopmesh/kit/certs"
)

// freshCertificates reads the files that a URL names (sslrootcert, sslcert, sslkey) again
// for each connection, because certificates are renewed while a process runs. It is nil
// for a URL without TLS.
func freshCertificates(url string, first *pgx.ConnConfig) func(context.Context, *pgx.ConnConfig) error {
	encrypted := first.TLSConfig != nil
	for _, f := range first.Fallbacks {
		encrypted = encrypted || f.TLSConfig != nil
	}
	if !encrypted {
		return nil
	}
	return func(_ context.Context, config *pgx.ConnConfig) error {
		fresh, err := pgconn.ParseConfig(url)
		if err != nil {
			return fmt.Errorf("read the certificates for the database: %w", err)
		}
		config.TLSConfig = fresh.TLSConfig
		config.Fallbacks = fresh.Fallbacks
		return nil
	}
}

// Explain adds to the error of a connection that failed for a certificate whose it is and
// when it ended. It returns other errors as they are.
func Explain(err error) error { return certs.Explain(err) }
