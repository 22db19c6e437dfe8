package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
)

// loadAllVerb makes this program one of the contenders: what a Go programmer
// would write first, with the standard library alone.
const loadAllVerb = "load-all"

func loadAll(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("%s PATH FROM TO OUT", loadAllVerb)
	}
	from, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return err
	}
	to, err := strconv.ParseFloat(args[2], 64)
	if err != nil {
		return err
	}
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	var trace map[string]json.RawMessage
	if err := json.NewDecoder(z).Decode(&trace); err != nil {
		return err
	}
	var events, kept []json.RawMessage
	if err := json.Unmarshal(trace["traceEvents"], &events); err != nil {
		return err
	}
	for _, e := range events {
		var t struct{ TS float64 }
		if json.Unmarshal(e, &t) == nil && t.TS >= from && t.TS < to {
			kept = append(kept, e)
		}
	}
	if trace["traceEvents"], err = json.Marshal(kept); err != nil {
		return err
	}
	out, err := os.Create(args[3])
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(out)
	if err := json.NewEncoder(packed).Encode(trace); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	return out.Close()
}
