package split

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// names gives pieces their file names. Whatever a trace says, they are plain names
// in the folder, and no two are the same, not even where case does not count.
type names struct {
	template string // empty for the usual one
	ending   string
	width    int // of the index
	used     map[string]int
}

func newNames(template, ending string, pieces int) *names {
	return &names{template, cmp.Or(ending, endings[0]), max(len(strconv.Itoa(pieces)), 4), map[string]int{}}
}

// endings are those of pieces' names: gzip, zstd, none.
var endings = [...]string{".json.gz", ".json.zst", ".json"}

func (n *names) of(q *Piece) string {
	stem := n.fill(q)
	for _, ending := range endings {
		stem = strings.TrimSuffix(stem, ending)
	}
	stem = safe(stem)
	name := stem
	for key := strings.ToLower(stem); n.used[strings.ToLower(name)] > 0; {
		n.used[key]++
		name = fmt.Sprintf("%s-%d", stem, n.used[key])
	}
	n.used[strings.ToLower(name)]++
	return name + n.ending
}

// placeholder is what stands in a template for something of a piece.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// CheckTemplate reports a template of file names that asks for what no piece has.
func CheckTemplate(template string) error {
	for _, p := range placeholder.FindAllString(template, -1) {
		if _, ok := (&names{}).value(p, &Piece{}); !ok {
			return fmt.Errorf("there is no %s", p)
		}
	}
	return nil
}

func (n *names) fill(q *Piece) string {
	template := n.template
	switch {
	case template != "":
	case q.Kind == string(Time) || q.Kind == string(Size) || q.Kind == string(Events):
		template = "{kind}-{index}"
	case q.Steps != nil && q.Kind != "request":
		template = "{index}-" + q.Steps.fileLabel()
	default:
		template = "{index}-{label}"
	}
	name := placeholder.ReplaceAllStringFunc(template, func(p string) string {
		text, _ := n.value(p, q)
		return text
	})
	return strings.TrimRight(name, "-") // of an empty label
}

func (n *names) value(placeholder string, q *Piece) (text string, ok bool) {
	switch placeholder {
	case "{kind}":
		return q.Kind, true
	case "{index}":
		return fmt.Sprintf("%0*d", n.width, q.Index), true
	case "{label}":
		return q.Label, true
	case "{phase}":
		return q.Phase, true
	case "{start}":
		return string(q.Start), true
	}
	return "", false
}

// devices are names that Windows keeps for itself, whatever ending they have.
var devices = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// safe makes a text fit for a file name anywhere.
func safe(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', (r == '.' || r == '-') && b.Len() > 0:
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
		if b.Len() >= 120 {
			break
		}
	}
	if b.Len() == 0 {
		return "piece"
	}
	name := strings.ReplaceAll(b.String(), "..", "__")
	if devices.MatchString(name) {
		name = "_" + name
	}
	return name
}
