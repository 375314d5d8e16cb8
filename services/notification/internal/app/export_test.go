package app

import "github.com/google/uuid"

// Drop has a sender let go of a mail, as its worker does once the outcome is recorded.
func Drop(s *Sender, id uuid.UUID) { s.drop(holding{id: id}) }
