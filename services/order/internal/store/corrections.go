package store

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// correction is how a correction is stored.
type correction struct {
	ID          uuid.UUID `json:"id"`
	Version     int64     `json:"version"`
	Changed     []string  `json:"changed"`
	MailAwaited bool      `json:"mail_awaited"`
}

func toDBCorrections(corrections []domain.Correction) (string, error) {
	stored := make([]correction, len(corrections))
	for i, c := range corrections {
		stored[i] = correction(c)
	}
	text, err := json.Marshal(stored)
	return string(text), err
}

func fromDBCorrections(text []byte) ([]domain.Correction, error) {
	if len(text) <= len("[]") {
		return nil, nil
	}
	var stored []correction
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("corrections: %w", err)
	}
	corrections := make([]domain.Correction, len(stored))
	for i, c := range stored {
		corrections[i] = domain.Correction(c)
	}
	return corrections, nil
}
