// Package flows finds the slices that flow events and bind_ids bind to, as Perfetto draws them, and
// which flows are kept if some slices are. A [Binder] gathers flow events and is then shown the
// slices. It is the only matcher of flows, besides the naive one of the tests.
package flows
