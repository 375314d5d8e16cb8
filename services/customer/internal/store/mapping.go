package store

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// postalAddress is addresses.postal_address.
type postalAddress struct {
	RegionCode         string   `json:"region_code"`
	LanguageCode       string   `json:"language_code,omitempty"`
	PostalCode         string   `json:"postal_code,omitempty"`
	SortingCode        string   `json:"sorting_code,omitempty"`
	AdministrativeArea string   `json:"administrative_area,omitempty"`
	Locality           string   `json:"locality,omitempty"`
	Sublocality        string   `json:"sublocality,omitempty"`
	AddressLines       []string `json:"address_lines"`
	Recipients         []string `json:"recipients,omitempty"`
	Organization       string   `json:"organization,omitempty"`
}

// address is an element of CustomerGet's addresses.
type address struct {
	ID            uuid.UUID     `json:"id"`
	Label         string        `json:"label"`
	PostalAddress postalAddress `json:"postal_address"`
}

func toDBNewCustomer(c domain.Snapshot) db.CustomerInsertParams {
	return db.CustomerInsertParams{
		ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, LastNameKey: grammar.Fold(c.LastName),
		Email: c.Email, EmailKey: grammar.EmailKey(c.Email), Phone: c.Phone, Erased: c.Erased,
		Version: c.Version, CreateTime: c.CreateTime, UpdateTime: c.UpdateTime,
	}
}

func toDBCustomer(c domain.Snapshot) db.CustomerUpdateParams {
	return db.CustomerUpdateParams{
		ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, LastNameKey: grammar.Fold(c.LastName),
		Email: c.Email, EmailKey: grammar.EmailKey(c.Email), Phone: c.Phone, DefaultAddressID: nullable(c.DefaultAddress),
		Erased: c.Erased, Version: c.Version, UpdateTime: c.UpdateTime,
	}
}

func nullable(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func document(a domain.Address) ([]byte, error) {
	text, err := json.Marshal(postalAddress(a.Postal))
	if err != nil {
		return nil, fmt.Errorf("write address %s: %w", a.ID, err)
	}
	return text, nil
}

func fromDBCustomer(row db.Customer, addresses []byte, signIn domain.SignInAddress) (domain.Customer, error) {
	customer := domain.Snapshot{
		ID: row.ID, FirstName: row.FirstName, LastName: row.LastName, Email: row.Email, Phone: row.Phone,
		SignIn: signIn, Erased: row.Erased, Version: row.Version, CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
	}
	var read []address
	if err := json.Unmarshal(addresses, &read); err != nil {
		return domain.Customer{}, fmt.Errorf("read addresses of customer %s: %w", row.ID, err)
	}
	for _, a := range read {
		customer.Addresses = append(customer.Addresses, domain.Address{
			ID: a.ID, Label: a.Label, Postal: grammar.PostalAddress(a.PostalAddress),
		})
		// One that the version before removed is none any more.
		if row.DefaultAddressID != nil && a.ID == *row.DefaultAddressID {
			customer.DefaultAddress = a.ID
		}
	}
	return domain.Restore(customer), nil
}
