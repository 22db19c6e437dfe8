// Package flows finds the slices that flow events bind to, and which flows are kept if
// some slices are.
package flows
