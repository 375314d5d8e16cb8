package page

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Columns returns the columns of a row type, sqlc's model of a table, for a list's
// select: "o.id, o.number" for the alias o. pgx.RowToStructByName scans them. Unlike
// `select *` it goes on working when a newer program has added a column to the table.
// Those in except are left out; then pgx.RowToStructByNameLax scans the others.
// It panics when a field has no db tag.
func Columns[Row any](alias string, except ...string) string {
	var columns []string
	row := reflect.TypeFor[Row]()
	for i := range row.NumField() {
		name := row.Field(i).Tag.Get("db")
		if name == "" {
			panic(fmt.Sprintf("page: the field %s of %s has no db tag", row.Field(i).Name, row))
		}
		if !slices.Contains(except, name) {
			columns = append(columns, alias+"."+name)
		}
	}
	return strings.Join(columns, ", ")
}
