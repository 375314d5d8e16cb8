package view

func titleOf(p Page) string {
	if p.Title == "" {
		return p.Shop.Name
	}
	return p.Title + " · " + p.Shop.Name
}

// noticeRole has what is wrong read out at once.
func noticeRole(kind string) string {
	if kind == "bad" {
		return "alert"
	}
	return "status"
}
