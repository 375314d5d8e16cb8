// Package activity makes the entries of the activity log: who changed what, and who was
// refused. kit/rpc notes each call in its context, a use case notes what it changes, and
// kit/app writes the entry in the transaction of the change. Refused calls are gathered,
// within bounds, and written from time to time.
package activity
