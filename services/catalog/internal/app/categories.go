package app

// Categories are the use cases about the tree of categories. Whatever changes the
// tree first locks it whole: it is small and seldom changes, and a move is checked
// against the path to the top, which no other transaction may change meanwhile.
type Categories struct{ Deps }
