package app

// ReadEnvironment is what FromEnv does with os.Environ().
var ReadEnvironment = readEnvironment //nolint:gochecknoglobals // for tests alone
