package flows

// Order tells where flows begin among events that come chain by chain, each in order of
// time. An id may come again: a start behind an end begins another flow, while a second
// start before any end adds nothing, as Perfetto draws it.
type Order struct {
	chain       uint64
	some, ended bool
}

// Begins reports whether an event is of another flow than the one before it.
func (o *Order) Begins(chain uint64, phase byte) bool {
	if another := !o.some || chain != o.chain || o.ended && phase == 's'; another {
		*o = Order{chain: chain, some: true, ended: phase == 'f'}
		return true
	}
	o.ended = o.ended || phase == 'f'
	return false
}
