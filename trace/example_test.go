package trace_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"tracekit/trace"
)

const small = `{"traceEvents": [
{"ph": "X", "name": "decode", "pid": 1, "tid": 7, "ts": 100.5, "dur": 20},
{"ph": "C", "name": "queue", "pid": 1, "ts": 110, "args": {"waiting": 3}},
{"ph": "X", "name": "sample", "pid": 1, "tid": 7, "ts": 121, "dur": 4.25}
], "displayTimeUnit": "ms"}
`

// A trace is copied without its counter samples. What is kept is written byte for byte.
func Example() {
	source, err := trace.NewSource(strings.NewReader(small), int64(len(small)), trace.SourceOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	reader, err := source.Read()
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	writer := trace.NewWriter(os.Stdout)
	for {
		batch, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		for _, part := range batch.Parts {
			if err := writer.Text(part.Text); err != nil {
				log.Fatal(err)
			}
			for i := range part.Events {
				if part.Events[i].Phase == 'C' {
					continue
				}
				if err := writer.Event(&part.Events[i]); err != nil {
					log.Fatal(err)
				}
			}
		}
	}
	if err := writer.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"traceEvents": [
	// {"ph": "X", "name": "decode", "pid": 1, "tid": 7, "ts": 100.5, "dur": 20},
	// {"ph": "X", "name": "sample", "pid": 1, "tid": 7, "ts": 121, "dur": 4.25}
	// ], "displayTimeUnit": "ms"}
}

// A survey reads the whole trace once. Times are nanoseconds.
func ExampleSource_Survey() {
	source, err := trace.NewSource(strings.NewReader(small), int64(len(small)), trace.SourceOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	var busy trace.Time
	survey, err := source.Survey(func(e *trace.Event) error {
		if e.Phase == 'X' {
			busy += e.Dur
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(survey.Events, "events from", int64(survey.Zero), "to", int64(survey.Last), "ns,", int64(busy), "ns in slices")
	// Output: 3 events from 100500 to 125250 ns, 24250 ns in slices
}

// A slice is moved and shortened; what the edit does not name is kept byte for byte.
func ExampleEdit_Apply() {
	source, err := trace.NewSource(strings.NewReader(small), int64(len(small)), trace.SourceOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	_, err = source.Survey(func(e *trace.Event) error {
		if string(e.Name()) == "sample" {
			from, dur := e.TS+1000, e.Dur-1000
			fmt.Printf("%s\n", trace.Edit{TS: &from, Dur: &dur}.Apply(e))
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: {"ph": "X", "name": "sample", "pid": 1, "tid": 7, "ts": 122.000, "dur": 3.250}
}
