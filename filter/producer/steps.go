package producer

import (
	"slices"
	"strings"
)

// Rank decides between markers of different rows: the first that has any wins.
type Rank uint8

const (
	Serving  Rank = iota // of a server's engine, one a step
	Training             // of a training loop, which may hold many of a server's steps
	Scope                // a part of a step that each step has once
	Stack                // Python functions, where nobody annotates
)

// Markers are annotations that mark steps, in one of some forms.
type Markers struct {
	Producer string // as messages name who wrote them
	Rank     Rank
	Forms    []Form
}

// Form is how a marker reads. In its text a name in braces stands for a number to keep, {}
// for one to skip, {mode} for a word that tells the phase, {keys} for words such as bs=64,
// and all else for itself.
type Form struct {
	Text  string
	Phase string // that the form itself tells: prefill, decode, or none
}

func forms(texts ...string) []Form {
	var f []Form
	for _, t := range texts {
		f = append(f, Form{Text: t})
	}
	return f
}

// Frame is a Python function that runs a step. One whose name is used elsewhere too counts
// only in its file.
type Frame struct{ Function, File string }

// Part is what an event says about a step that is made of several.
type Part uint8

const (
	NoPart      Part = iota
	Prepare          // begins a step
	PromptBatch      // a batch of prompts
	DecodeBatch      // the batch of all others
	FlatBatch        // a batch of prompts and decodes in one row, whose phase its name tells
	RankBatch        // a batch of a rank that writes no phases; logits follow it
	Model            // inside a batch, and tells its bucket
	Logits           // behind the model, and tells the bucket too
	Sampler          // inside a batch of which a request got a token
	After            // ends a step
	Warmup
	Compile
)

// NamedPart is the name of such an event. A name that ends in * begins so.
type NamedPart struct {
	Name string
	Part Part
}

// parts are the events that make up steps, of all producers. In the form of a name that ends
// in * a bucket may follow.
var parts = func() (all []NamedPart) {
	for _, p := range All {
		all = append(all, p.Parts...)
	}
	return all
}()

// PartOf returns what an event says about a step, by its name; NoPart if it says nothing.
func PartOf(name []byte) Part {
	for _, p := range parts {
		if begin, more := strings.CutSuffix(p.Name, "*"); more {
			if len(name) > len(begin) && string(name[:len(begin)]) == begin {
				return p.Part
			}
		} else if string(name) == p.Name {
			return p.Part
		}
	}
	return NoPart
}

// Marking returns the producer whose markers of a rank go by a name, or nil.
func Marking(name string, ranks ...Rank) *Producer {
	for _, p := range All {
		for _, m := range p.Markers {
			if m.Producer == name && slices.Contains(ranks, m.Rank) {
				return p
			}
		}
	}
	return nil
}
