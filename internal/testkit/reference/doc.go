// Package reference is the slow and plain judge of slicing: it holds a whole
// trace in memory, reads it with encoding/json, and applies the meaning of a
// slice sentence by sentence. It shares no code with the fast path, so that an
// error in one shows as a difference from the other. Only tests use it.
package reference
