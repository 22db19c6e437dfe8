package producer

// NCCL is the example among its profiler plugins: async slices of a category for each layer, of
// which the lowest ran on the device.
var NCCL = &Producer{
	Name: "NCCL's profiler plugin",
	Categories: map[string]Category{
		"GROUP_API":     {OnHost, Runtime},
		"COLL_API":      {OnHost, Runtime},
		"P2P_API":       {OnHost, Runtime},
		"KERNEL_LAUNCH": {OnHost, Runtime},
		"GROUP":         {OnHost, 0},
		"COLL":          {OnHost, 0},
		"P2P":           {OnHost, 0},
		"PROXY":         {OnHost, 0},
		"NET":           {OnHost, 0},
		"NET_IB":        {OnHost, 0},
		"NET_SOCK":      {OnHost, 0},
		"CE_COLL":       {OnHost, 0},
		"CE_SYNC":       {OnHost, 0},
		"CE_BATCH":      {OnHost, 0},
		"GPU":           {OnDevice, 0},
	},
	Evidence: Evidence{Categories: []string{"COLL_API", "P2P_API", "COLL", "PROXY"}},
}
