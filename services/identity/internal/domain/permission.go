package domain

import "slices"

// Permission is what a member of staff may do, numbered as in
// shopmesh.options.v1.Permission.
type Permission int32

// The permissions.
const (
	CatalogWrite Permission = iota + 1
	StockRead
	StockWrite
	CustomersRead
	CustomersWrite
	OrdersRead
	OrdersWrite
	PaymentsRead
	PaymentsRefund
	NotificationsRead
	NotificationsWrite
	OperateSystem
	CatalogRead
	SettingsRead
	SettingsWrite
	AccountsRead
	AccountsWrite
	ActivityRead

	// LastPermission is the highest of them.
	LastPermission = ActivityRead
)

// String returns the permission's name in the contract: "CATALOG_WRITE".
func (p Permission) String() string {
	return nameOf(int(p), "CATALOG_WRITE", "STOCK_READ", "STOCK_WRITE", "CUSTOMERS_READ", "CUSTOMERS_WRITE", "ORDERS_READ", "ORDERS_WRITE",
		"PAYMENTS_READ", "PAYMENTS_REFUND", "NOTIFICATIONS_READ", "NOTIFICATIONS_WRITE", "OPERATIONS", "CATALOG_READ",
		"SETTINGS_READ", "SETTINGS_WRITE", "ACCOUNTS_READ", "ACCOUNTS_WRITE", "ACTIVITY_READ")
}

// writes are the permissions to change something that is not the holder's own, to give
// money back, and to operate the system.
var writes = []Permission{
	CatalogWrite, StockWrite, CustomersWrite, OrdersWrite, PaymentsRefund, NotificationsWrite, OperateSystem, SettingsWrite, AccountsWrite,
}

// HoldsWrite reports whether one of the permissions changes something: only owners touch
// an account that holds one.
func HoldsWrite(permissions []Permission) bool {
	return slices.ContainsFunc(permissions, func(p Permission) bool { return slices.Contains(writes, p) })
}

// sorted returns each permission once, in order.
func sorted(permissions []Permission) []Permission {
	return slices.Compact(slices.Sorted(slices.Values(permissions)))
}

// Actor is who changes accounts.
type Actor struct {
	AccountID   [16]byte
	Owner       bool
	Permissions []Permission
}

// lacks returns the first permission that the actor does not hold.
func (a Actor) lacks(permissions []Permission) (Permission, bool) {
	for _, p := range permissions {
		if !a.Owner && !slices.Contains(a.Permissions, p) {
			return p, true
		}
	}
	return 0, false
}
