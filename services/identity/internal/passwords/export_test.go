package passwords

// Cheap is cheap for tests of what signs in.
func Cheap() *Hasher { return cheap() }
