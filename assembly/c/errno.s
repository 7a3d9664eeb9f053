# libc's errno, which no goroutine uses: the compiler finds what refers to it, by its address, and puts the goroutine's own there
# (host/compiler/c/object.ts). There is room around it, so that no address of anything else, nor of its end, is the same.
	.section	.data.errno,"",@
	.p2align	4
	.skip	16
	.globl	errno
	.type	errno,@object
errno:
	.skip	4
	.size	errno, 4
	.skip	12
