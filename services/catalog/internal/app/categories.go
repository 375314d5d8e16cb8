package app

// Categories are the use cases about the tree of categories. Whatever changes the
// tree first locks it whole: it is small and seldom changes, and a move is judged
// by the way to the top, which nobody else may change meanwhile.
type Categories struct{ Deps }
