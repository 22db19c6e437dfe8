// Package launches joins what ran on a device to the host's call that launched it, by correlation,
// External id or flows. [Launches] gathers calls and work; [Launches.Launched] answers for one
// slice. Which events are calls and which are device work is for filter and producer.
package launches
