package producer

import (
	"bytes"
	"regexp"
)

// labelled is how a rank stands before a name where traces of ranks were merged: "rank 3: " or,
// where no number is known, by its places in the groups, "TP0-EP1: "; with what tells it apart from others of the same rank, "rank 3 (node1): ".
var labelled = regexp.MustCompile(`^(rank \d+|(TP|DP|PP|EP|CP|SP|DCP|PCP)\d+(-(TP|DP|PP|EP|CP|SP|DCP|PCP)\d+)*)( \([\pL\p{Nd}._-]+\))?: `)

// SplitRank returns the rank that stands before the name of a process in a trace that was
// merged of several ranks, empty if none does, and the rest of the name.
func SplitRank(name []byte) (rank, rest []byte) {
	if len(name) == 0 || name[0] != 'r' && name[0]-'A' > 'Z'-'A' || !bytes.Contains(name, []byte(": ")) {
		return nil, name
	}
	at := labelled.FindIndex(name)
	if at == nil {
		return nil, name
	}
	return name[:at[1]-2], name[at[1]:]
}
