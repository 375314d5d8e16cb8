package pg

import "testing"

func TestAServerThatIsTooOldIsNamed(t *testing.T) {
	t.Parallel()
	for _, number := range []int{180000, 180006, 190001} {
		if err := serverFits(number); err != nil {
			t.Errorf("%d: %v", number, err)
		}
	}
	const want = "the server is PostgreSQL 17.9, and 18 or newer is needed: upgrade it (pg_upgrade), or name another in the database URL"
	if err := serverFits(170009); err == nil || err.Error() != want {
		t.Errorf("17.9: %v, want %q", err, want)
	}
}
