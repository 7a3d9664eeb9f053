// Lru: goroutines ask caches of their own, each a map and a list in the order of last use, for scattered keys; what is
// not there is made, and what was not used for longest goes. Time for all.
package main

import "skein/bench/internal/harness"

const (
	goroutines = 8
	capacity   = 20_000
	// keys is the number of different keys: four for each place.
	keys = 80_000
)

// entry is an entry, or the ring's head, whose next is the one used last.
type entry struct {
	prev, next *entry
	key        int32
	bytes      []byte
}

func (e *entry) leave() {
	e.prev.next = e.next
	e.next.prev = e.prev
}

func (e *entry) enter(head *entry) {
	e.prev = head
	e.next = head.next
	head.next.prev = e
	head.next = e
}

type cache struct {
	entries         map[int32]*entry
	head            *entry
	hits, evictions int
}

func newCache() *cache {
	head := &entry{}
	head.prev, head.next = head, head
	return &cache{entries: make(map[int32]*entry), head: head}
}

func (c *cache) get(key int32) *entry {
	if e, ok := c.entries[key]; ok {
		e.leave()
		e.enter(c.head)
		c.hits++
		return e
	}
	if len(c.entries) == capacity {
		oldest := c.head.prev
		oldest.leave()
		delete(c.entries, oldest.key)
		c.evictions++
	}
	e := &entry{key: key, bytes: make([]byte, 64)}
	e.bytes[0] = byte(key)
	c.entries[key] = e
	e.enter(c.head)
	return e
}

func ask(questions int, seed uint32, done chan<- int) {
	c := newCache()
	for i := 0; i < questions; i++ {
		seed = seed*1664525 + 1013904223
		// Half of the questions are for an eighth of the keys.
		span := uint32(keys / 8)
		if seed&0x80000000 != 0 {
			span = keys
		}
		key := int32((seed >> 8) % span)
		e := c.get(key)
		harness.Check(e.key == key && e.bytes[0] == byte(key), "the entry is that of the key")
	}
	harness.Check(c.hits+c.evictions+len(c.entries) == questions, "each question is a hit or an entry")
	done <- c.hits
}

func main() {
	questions := harness.Arg(0, 500_000)
	harness.Total(harness.Arg(1, 3), func() {
		done := make(chan int)
		for i := uint32(0); i < goroutines; i++ {
			go ask(questions, i*7919, done)
		}
		hits := 0
		for i := 0; i < goroutines; i++ {
			hits += <-done
		}
		harness.Check(hits > questions, "hits")
	})
}
