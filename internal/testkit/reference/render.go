package reference

import "strings"

// Render writes a slice as a whole document, with the text of the source
// around its events.
func Render(source *Trace, outs []Out) []byte {
	var texts []string
	for _, o := range outs {
		texts = append(texts, o.event().Raw)
	}
	tail := source.Tail
	if tail == "" {
		tail = "]"
	}
	return []byte(source.Head + strings.Join(texts, ",\n") + tail)
}
