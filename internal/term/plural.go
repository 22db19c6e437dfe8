package term

import "fmt"

// Plural writes a number and what it counts, such as 1 event or 3 events.
func Plural[N ~int | ~int32 | ~int64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
