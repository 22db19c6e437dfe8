package producer

import (
	"bytes"
	"strings"
)

// Gaudi is the Synapse profiler, whose events the bridge to PyTorch writes among Kineto's, with
// categories of older builds of it: Kernel for MME, TPC and DMA that transposes, Memcpy and
// Memset by name, and Runtime for all else, calls of the host as well as what other engines do.
var Gaudi = &Producer{
	Name: "Synapse profiler of Gaudi",
	Categories: map[string]Category{
		"enqueue": {OnDevice, Runtime}, // flows from the enqueue call to the engine's slice
	},
	Processes: []Rule{
		{Name: "*device:HPU:#*", Is: Engines},
	},
	Threads: []Rule{
		{Name: "Synapse/*", Is: Calls},
		{Name: "[HD#] NIC *", Is: Engine, Links: true},
		{Name: "[D#] NIC *", Is: Engine, Links: true},
		{Name: "[HD#] *", Is: Engine},
		{Name: "[D#] *", Is: Engine},
	},
	Evidence: Evidence{Processes: []string{"*device:HPU:#*", "Synapse*", "Bridge Logs"}, Threads: []string{"Synapse/*", "[HD#] *", "[D#] *"}, Args: EngineArgs},
}

// EngineArgs are args that only events of Gaudi's engines have. RecipeArgs are those of all
// that Synapse recorded, so of an event that is a device's they tell which.
var (
	EngineArgs = []string{"HW event name"}
	RecipeArgs = []string{"HW event name", "recipeId"}
)

// IsSynapseCall reports whether a name is that of a call of Gaudi's Synapse API, by the device in it,
// as in enqueueWithExternalEventsExt (accel0).
func IsSynapseCall(name []byte) bool {
	i := bytes.LastIndex(name, []byte(" (accel"))
	return i > 0 && name[len(name)-1] == ')'
}

// IsGaudi reports whether a name in deviceProperties is that of a Gaudi.
func IsGaudi(device []byte) bool {
	return bytes.Contains(device, []byte("HPU")) || bytes.Contains(bytes.ToLower(device), []byte("gaudi"))
}

// HLProf is Habana's own exporter, whose traces HLTV shows: a process for each kind of engine,
// by the names that Synapse gives them.
var HLProf = &Producer{
	Name:      "Habana hl-prof",
	Processes: append([]Rule{{Name: `\*\*\*Host`, Is: Calls}}, engineProcesses()...),
	Evidence:  Evidence{Processes: []string{`\*\*\*Host`, `\*\*MME *`, `\*MME *`, `\*TPC *`}, Also: EngineArgs},
}

func engineProcesses() (all []Rule) {
	for _, engine := range []string{`\*\*DMA`, `\*\*MME`, `\*\*TPC`, `\*\*NIC`, `\*PDMA`, `\*EDMA`, `\*KDMA`, `\*MME`, `\*TPC`, `\*NIC`,
		`\*PSOC`, `\*SM`, `\*PMMU`, `\*ROTATOR`, `\*ARC_FARM`, `\*VIDEO_DECODER`} {
		all = append(all, Rule{Name: engine + "*", Is: Device, Links: strings.HasSuffix(engine, "NIC")})
	}
	return all
}
