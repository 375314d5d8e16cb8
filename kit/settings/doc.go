// Package settings are what an owner may set, as a context applies it: the context's
// defaults, overridden by what the config service holds, or by a JSON file with one object
// per context.
//
// A context has a [Live] of its settings, and one of those of the shop as a whole that it
// reads. It starts with those that it applied last, which
// it keeps in its own database, or with the defaults, and follows the config service from
// then on. So nobody waits for config, and config may be away over a restart. Settings that
// the context can't apply leave those before in force; readiness shows it.
package settings
