package perfetto

// TabBytes is about how much JSON Perfetto's page loads before the tab runs out of
// memory: of the 4 GB that a browser gives it, each byte of JSON takes 3.3.
const TabBytes = 1_200_000_000
