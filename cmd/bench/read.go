package main

import (
	"errors"
	"os"

	"tracekit/trace"
)

// readVerb lets this program be one that reads every event of a trace, looks at
// none, and writes nothing: what any verb takes at least.
const readVerb = "read-alone"

func readAlone(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	s, err := trace.NewSource(f, st.Size(), trace.SourceOptions{})
	if err != nil {
		return err
	}
	_, err = s.SurveyParts(func(*trace.Part) error { return nil })
	return errors.Join(err, s.Close())
}
