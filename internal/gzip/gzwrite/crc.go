package gzwrite

import "hash/crc32"

// A CRC is a polynomial over GF(2) of degree 31, stored with the coefficient
// of x⁰ in the highest bit.
const (
	one     = 1 << 31
	x8      = one >> 8
	modulus = crc32.IEEE // x³² mod the polynomial
)

// CombineCRC returns the CRC-32 of two strings, one after the other, from the
// CRC-32 of each and the second's length in bytes.
func CombineCRC(first, second uint32, length int) uint32 {
	return multiply(first, shift(length)) ^ second
}

// shift returns what n bytes that come after multiply a CRC by: x⁸ⁿ.
func shift(n int) uint32 {
	product, square := uint32(one), uint32(x8)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			product = multiply(product, square)
		}
		square = multiply(square, square)
	}
	return product
}

func multiply(a, b uint32) uint32 {
	var product uint32
	for ; a != 0; a <<= 1 {
		if a&one != 0 {
			product ^= b
		}
		b = b>>1 ^ modulus&-(b&1)
	}
	return product
}
