// Package tree has trees that mutators change, for the programs that measure what a collection costs them.
package tree

type Node struct {
	Left, Right *Node
	bytes       []byte
}

// Grow returns a tree that is so deep, each node with bytes of its own.
func Grow(depth, size int) *Node {
	n := &Node{bytes: make([]byte, size)}
	if depth > 0 {
		n.Left = Grow(depth-1, size)
		n.Right = Grow(depth-1, size)
	}
	return n
}

func (n *Node) Count() int {
	count := 1
	if n.Left != nil {
		count += n.Left.Count()
	}
	if n.Right != nil {
		count += n.Right.Count()
	}
	return count
}

// Below returns a node so many steps below this one, which way leads to.
func (n *Node) Below(steps int, way uint32) *Node {
	for ; steps > 0; steps-- {
		if way&1 != 0 {
			n = n.Left
		} else {
			n = n.Right
		}
		way >>= 1
	}
	return n
}

// Swap has the children change places.
func (n *Node) Swap() {
	n.Left, n.Right = n.Right, n.Left
}

// Scattered returns the next of a row of scattered numbers.
func Scattered(n uint32) uint32 {
	n ^= n << 13
	n ^= n >> 17
	return n ^ n<<5
}
