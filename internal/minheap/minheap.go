// Package minheap has a heap whose smallest item is removed first: [Heap.Push] and [Heap.Pop]. Items
// are held by value, so that none is allocated.
package minheap

import "slices"

// Item is what a Heap holds; Before reports whether it is less than another.
type Item[T any] interface{ Before(T) bool }

// Heap holds items; its zero value is empty.
type Heap[T Item[T]] struct{ items []T }

// Len is the number of items.
func (h *Heap[T]) Len() int { return len(h.items) }

// Top returns the least item, which must be there. If it is changed, Fix has to be called.
// It is valid until the next call of Push, Pop or Fix.
func (h *Heap[T]) Top() *T { return &h.items[0] }

// Grow makes room for n more items.
func (h *Heap[T]) Grow(n int) { h.items = slices.Grow(h.items, n) }

// Push adds an item.
func (h *Heap[T]) Push(item T) {
	h.items = append(h.items, item)
	i := len(h.items) - 1
	for up := (i - 1) / 2; i > 0 && h.items[i].Before(h.items[up]); up = (i - 1) / 2 {
		h.items[i], h.items[up] = h.items[up], h.items[i]
		i = up
	}
}

// Pop removes the least item, which must be there, and returns it.
func (h *Heap[T]) Pop() T {
	top, last := h.items[0], len(h.items)-1
	h.items[0] = h.items[last]
	clear(h.items[last:]) // what it refers to is free
	h.items = h.items[:last]
	h.Fix()
	return top
}

// Fix restores the order after the least item was changed.
func (h *Heap[T]) Fix() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h.items) {
			return
		}
		if child+1 < len(h.items) && h.items[child+1].Before(h.items[child]) {
			child++
		}
		if !h.items[child].Before(h.items[i]) {
			return
		}
		h.items[i], h.items[child] = h.items[child], h.items[i]
		i = child
	}
}

// Drain removes all items and returns them in no order. They are valid until the next Push.
func (h *Heap[T]) Drain() []T {
	items := h.items
	h.items = h.items[:0]
	return items
}
