// Package launches joins what ran on a device to the host's call that launched it.
package launches
