package app

import "github.com/shopmesh/shopmesh/kit/pg"

// Activities are the use cases about the activity log.
type Activities struct{ Pool *pg.Pool }
