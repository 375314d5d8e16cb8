package domain

import "github.com/shopmesh/shopmesh/kit/money"

// DaySum is what the orders of one currency that were placed on one day came to.
type DaySum struct {
	// Date is the day, as 2006-01-02.
	Date string
	// Orders counts those that were paid.
	Orders int64
	// Paid is what was paid for them, and Revenue what is left of it: neither refunded, nor
	// taken back by a bank.
	Paid, Revenue money.Money
}

// Refunded returns what was given back.
func (s DaySum) Refunded() money.Money {
	return money.Money{Currency: s.Paid.Currency, Amount: s.Paid.Amount - s.Revenue.Amount}
}
