package repair

import "testing"

// FuzzRepair checks the laws of a repair on any text.
func FuzzRepair(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 4<<10 {
			mustRepair(t, text)
		}
	})
}
