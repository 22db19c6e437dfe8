package ranks

import (
	"fmt"
	"testing"

	"tracekit/internal/testkit/ranks"
	"tracekit/internal/testkit/schema"
)

// The JSON is as docs/ranks.schema.json says.
func TestTheSchemaHolds(t *testing.T) {
	s := schema.Read(t, "../../docs/ranks.schema.json")
	for _, c := range []ranks.Config{
		{Ranks: 3, PerHost: 1, Hosts: true, Steps: 8, Layers: 4, Args: ranks.Seq, Overlap: 1000},
		{Ranks: 2, PerHost: 1, Steps: 4, Layers: 2, Args: ranks.None},
		{Ranks: 1, PerHost: 1, Steps: 0, Layers: 2, Args: ranks.Names},
	} {
		p := merged(t, run(t, &c)...)
		p.Shards = append(p.Shards, Shard{3, 16})
		p.Traces[0].Damage = "cut"
		s.Judge(t, fmt.Sprint(c), []byte(text(t, p)))
	}
}
