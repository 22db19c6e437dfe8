package ranks

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tracekit/internal/testkit/ranks"
)

// The JSON is as docs/ranks.schema.json says.
func TestTheSchemaHolds(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/ranks.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []ranks.Config{
		{Ranks: 3, PerHost: 1, Hosts: true, Steps: 8, Layers: 4, Args: ranks.Seq, Overlap: 1000},
		{Ranks: 2, PerHost: 1, Steps: 4, Layers: 2, Args: ranks.None},
		{Ranks: 1, PerHost: 1, Steps: 0, Layers: 2, Args: ranks.Names},
	} {
		p := merged(t, run(t, &c)...)
		p.Shards = append(p.Shards, Shard{3, 16})
		p.Traces[0].Damage = "cut"
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text(t, p)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Error(err)
		}
	}
}
