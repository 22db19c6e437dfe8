package reference

import (
	"math/rand/v2"
	"strings"
)

// Damage changes a text at random, as what writes and carries traces does: tokens and
// bytes go, come twice, change places or are others.
func Damage(rng *rand.Rand, text string) string {
	for range 1 + rng.IntN(4) {
		text = damageOnce(rng, text)
	}
	return text
}

// odd are what is put in somewhere: all that means something to a reader, and text
// that once led one astray.
var odd = []string{
	`{`, `}`, `[`, `]`, `"`, `\`, `,`, `:`, `(`, `'`, "\n", "\x00", "\xff", " ", `\"`, `\u12`, `{"ph":`, `{"ph":"X","args":[`, `{"a":{"b":[{`,
	`},{`, `],`, `]}`, `"},{"`, `E-Inf"Ev`, `NaN`, `007`, `-`, `1e999`, `null`, `{}`, `[]`, `},` + "\n" + `  {`, `"args":{"name":{`, `],"metadata":{`,
	`{"id2":{"local":"0x1"},"ph":"i","ts":1},`, `{"x y":1,"ph":"i","ts":2}`, strings.Repeat(`[`, 20), strings.Repeat(`{"ph":"X","a":`, 20),
}

// tokens end where one of these stands.
const structure = "{}[],:\"\n"

func damageOnce(rng *rand.Rand, text string) string {
	if len(text) < 8 {
		return text
	}
	at := rng.IntN(len(text))
	if rng.IntN(2) == 0 { // at a token rather than anywhere
		if i := strings.IndexAny(text[at:], structure); i >= 0 {
			at += i
		}
	}
	end := min(len(text), at+1+rng.IntN(4))
	if rng.IntN(3) == 0 {
		end = min(len(text), at+rng.IntN(300))
	}
	if i := strings.IndexAny(text[end:], structure); rng.IntN(2) == 0 && i >= 0 {
		end += i
	}
	other := rng.IntN(len(text))
	switch rng.IntN(7) {
	case 0: // it goes
		return text[:at] + text[end:]
	case 1: // twice
		return text[:end] + text[at:]
	case 2: // something else in its place
		return text[:at] + odd[rng.IntN(len(odd))] + text[end:]
	case 3: // something more
		return text[:at] + odd[rng.IntN(len(odd))] + text[at:]
	case 4: // somewhere else
		return text[:other] + text[at:end] + text[other:]
	case 5: // a bit is another
		return text[:at] + string([]byte{text[at] ^ 1<<rng.IntN(8)}) + text[at+1:]
	default: // cut
		return text[:at]
	}
}
