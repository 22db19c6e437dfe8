package term

import (
	"fmt"
	"strings"
)

// Plural writes a number and what it counts, such as 1 event or 3 events.
func Plural[N ~int | ~int32 | ~int64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Grouped is Plural with commas between thousands; without what, the number alone.
func Grouped(n int64, what string) string {
	number, text, _ := strings.Cut(Plural(n, what), " ")
	for i := len(number) - 3; i > 0; i -= 3 {
		number = number[:i] + "," + number[i:]
	}
	if what == "" {
		return number
	}
	return number + " " + text
}
