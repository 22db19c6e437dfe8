//go:build !race

#include "textflag.h"

// SPREAD fills x with sixteen times the byte. SSE2 is all that is used, which every
// amd64 processor has.
#define SPREAD(byte, x) \
	MOVL   $(byte*0x01010101), AX \
	MOVQ   AX, x                  \
	PSHUFL $0, x, x

// func stringEnd(buf []byte, p, limit int) int
TEXT ·stringEnd(SB), NOSPLIT, $0-48
	MOVQ buf_base+0(FP), SI
	MOVQ p+24(FP), CX
	MOVQ limit+32(FP), DX
	SPREAD('"', X4)
	SPREAD('\\', X5)

next:
	CMPQ     CX, DX
	JGT      none
	MOVOU    (SI)(CX*1), X0
	MOVO     X0, X1
	PCMPEQB  X4, X0
	PCMPEQB  X5, X1
	POR      X0, X1
	PMOVMSKB X1, AX
	TESTL    AX, AX
	JNZ      found
	ADDQ     $16, CX
	JMP      next

found:
	BSFL AX, AX
	ADDQ AX, CX
	CMPQ CX, DX
	JGT  none
	CMPB (SI)(CX*1), $'"'
	JNE  none
	MOVQ CX, ret+40(FP)
	RET

none:
	MOVQ $0, ret+40(FP)
	RET

// func objectEnd(buf []byte, p, limit int) int
TEXT ·objectEnd(SB), NOSPLIT, $0-48
	MOVQ buf_base+0(FP), SI
	MOVQ p+24(FP), CX
	MOVQ limit+32(FP), DX
	CMPB (SI)(CX*1), $'{'
	JNE  none
	INCQ CX
	SPREAD('"', X4)
	SPREAD('}', X5)
	SPREAD('{', X6)
	SPREAD('\\', X7)
	XORL R8, R8 // whose number of bits is odd if that of quotes is

next:
	CMPQ     CX, DX
	JGT      none
	MOVOU    (SI)(CX*1), X0
	MOVO     X0, X1
	MOVO     X0, X2
	MOVO     X0, X3
	PCMPEQB  X4, X1
	PCMPEQB  X5, X2
	PCMPEQB  X6, X3
	PCMPEQB  X7, X0
	POR      X0, X3
	PMOVMSKB X1, R9
	PMOVMSKB X2, R10
	PMOVMSKB X3, R11
	TESTL    R10, R10
	JNZ      last
	TESTL    R11, R11
	JNZ      none
	XORL     R9, R8
	ADDQ     $16, CX
	JMP      next

last:
	LEAL -1(R10), AX
	XORL R10, AX     // the bits up to that of the brace
	ANDL AX, R9
	ANDL AX, R11
	JNZ  none
	XORL R9, R8
	MOVL R8, R9
	SHRL $8, R9
	XORB R9, R8
	JPC  none        // odd
	BSFL R10, R10
	ADDQ R10, CX
	CMPQ CX, DX
	JGT  none
	INCQ CX
	MOVQ CX, ret+40(FP)
	RET

none:
	MOVQ $0, ret+40(FP)
	RET
