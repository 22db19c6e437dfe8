package trace

// layouts remembers how the text of recent events was laid out.
type layouts struct{}

func (l *layouts) scan(buf []byte, from, at int, e *Event) (end int) { return 0 }

func (l *layouts) learn(buf []byte, at, end int, e *Event) {}
