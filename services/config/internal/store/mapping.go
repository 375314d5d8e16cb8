package store

import (
	"github.com/shopmesh/shopmesh/services/config/internal/domain"
	"github.com/shopmesh/shopmesh/services/config/internal/store/db"
)

func fromDB(row db.SettingsVersion) domain.Version {
	return domain.Version{
		Context: row.Context, Version: row.Version, ID: row.ID, Value: row.Value, Actor: row.Actor,
		ChangedPaths: row.ChangedPaths, Restored: row.RestoredVersion, Time: row.CreateTime,
	}
}
