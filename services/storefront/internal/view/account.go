package view

// AccountPage is what the page of an account shows.
type AccountPage struct {
	Notice NoticeData
	// Email is the address that signs in.
	Email string
	// Links lead to all that the account holds.
	Links []Link
}
