package main

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

type counters struct {
	mutex  sync.Mutex
	counts map[string]int
}

func (c *counters) inc(name string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.counts[name]++
}

func mutexCounters() {
	c := counters{counts: map[string]int{}}
	var wg sync.WaitGroup
	for _, name := range []string{"a", "a", "b"} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 1000; i++ {
				c.inc(name)
			}
		}()
	}
	wg.Wait()
	fmt.Println("a", c.counts["a"], "b", c.counts["b"])
}

func atomicCounters() {
	var ops atomic.Uint64
	var wg sync.WaitGroup
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < 1000; k++ {
				ops.Add(1)
			}
		}()
	}
	wg.Wait()
	fmt.Println("ops:", ops.Load())
}

func onceValues() {
	config := sync.OnceValue(func() string {
		fmt.Println("loading")
		return "config"
	})
	var wg sync.WaitGroup
	seen := make(chan string, 5)
	for i := 0; i < 5; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			seen <- config()
		}()
	}
	wg.Wait()
	close(seen)
	for s := range seen {
		fmt.Println(s)
	}
}

func philosophers() {
	const n = 5
	var forks [n]sync.Mutex
	var meals atomic.Int32
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			first, second := min(i, (i+1)%n), max(i, (i+1)%n)
			for meal := 0; meal < 3; meal++ {
				forks[first].Lock()
				forks[second].Lock()
				meals.Add(1)
				runtime.Gosched()
				forks[second].Unlock()
				forks[first].Unlock()
			}
		}()
	}
	wg.Wait()
	fmt.Println(meals.Load(), "meals")
}

type buffer struct {
	mutex             sync.Mutex
	notFull, notEmpty *sync.Cond
	items             []int
	size              int
}

func newBuffer(size int) *buffer {
	b := &buffer{size: size}
	b.notFull = sync.NewCond(&b.mutex)
	b.notEmpty = sync.NewCond(&b.mutex)
	return b
}

func (b *buffer) put(item int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for len(b.items) == b.size {
		b.notFull.Wait()
	}
	b.items = append(b.items, item)
	b.notEmpty.Signal()
}

func (b *buffer) take() int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for len(b.items) == 0 {
		b.notEmpty.Wait()
	}
	item := b.items[0]
	b.items = b.items[1:]
	b.notFull.Signal()
	return item
}

func boundedBuffer() {
	b := newBuffer(3)
	var total atomic.Int64
	var wg sync.WaitGroup
	for p := 0; p < 4; p++ {
		wg.Add(2)
		go func() {
			defer wg.Done()
			for i := 1; i <= 100; i++ {
				b.put(i)
			}
		}()
		go func() {
			defer wg.Done()
			for i := 0; i < 100; i++ {
				total.Add(int64(b.take()))
			}
		}()
	}
	wg.Wait()
	fmt.Println(total.Load())
}

func semaphore() {
	places := make(chan bool, 3)
	var running, most atomic.Int32
	var wg sync.WaitGroup
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			places <- true
			now := running.Add(1)
			for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
			}
			runtime.Gosched()
			running.Add(-1)
			<-places
		}()
	}
	wg.Wait()
	fmt.Println(most.Load() <= 3, true, false)
}

func sharedMap() {
	var m sync.Map
	var wg sync.WaitGroup
	for i := 0; i < 10; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			m.Store(fmt.Sprintf("k%d", i%4), i%4)
		}()
	}
	wg.Wait()
	var lines []string
	m.Range(func(key, value any) bool {
		lines = append(lines, fmt.Sprintf("%v=%v", key, value))
		return true
	})
	sort.Strings(lines)
	fmt.Println(strings.Join(lines, " "))
	k0, _ := m.LoadOrStore("k0", 9)
	added, _ := m.LoadOrStore("new", 9)
	_, gone := m.Load("gone")
	fmt.Println(k0, added, gone)
}
