package pages

import (
	"strconv"
	"time"
)

// time writes a time in the shop's time zone as the language does, with the month's name: which
// of two numbers is the month differs from country to country.
func (v *visit) time(at time.Time) string {
	at = at.In(v.own.Location)
	return v.texts.Fill("date.time", "Day", strconv.Itoa(at.Day()), "Month", v.texts.Say(months()[at.Month()-1]), "Year", strconv.Itoa(at.Year()), "Time", at.Format("15:04"))
}

// months are the ids of their names.
func months() [12]string {
	return [12]string{
		"month.january", "month.february", "month.march", "month.april", "month.may", "month.june",
		"month.july", "month.august", "month.september", "month.october", "month.november", "month.december",
	}
}
