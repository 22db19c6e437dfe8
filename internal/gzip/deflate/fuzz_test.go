package deflate

import "testing"

func FuzzRoundTrip(f *testing.F) {
	for _, make := range kinds {
		f.Add(make(3000))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkChunk(t, NewCompressor(), data)
	})
}

// FuzzRepetitions builds long text from a few bytes of orders.
func FuzzRepetitions(f *testing.F) {
	f.Add([]byte("\x07ab\x28\x07\x00\x0fcd\x2c\xff\x7f\x05\x01\x00"))
	f.Add([]byte("\x0f\x01\x00\x0f\x00\x80\x04\x00\x80\x0a\x00\x40"))
	for n := range uint32(6) {
		f.Add(noise(30*(1+int(n)), 1<<(3+n)))
	}
	f.Fuzz(func(t *testing.T, orders []byte) {
		checkChunk(t, NewCompressor(), obey(orders))
	})
}

// obey makes text: each three bytes say how many bytes to copy, and from how
// far back or, if there is nothing yet, what to repeat.
func obey(orders []byte) []byte {
	var text []byte
	for ; len(orders) >= 3 && len(text) < 300_000; orders = orders[3:] {
		n := 1 << (orders[0] % 16)
		n += int(orders[0]/16) * n / 16
		back := int(orders[1]) | int(orders[2])<<8
		if back == 0 || back > len(text) {
			text = append(text, orders[1], orders[2])
			back = 2
		}
		if orders[0]%16 == 15 {
			text = append(text, noise(n/64, 256)...)
			continue
		}
		for range n {
			text = append(text, text[len(text)-back])
		}
	}
	return text
}
