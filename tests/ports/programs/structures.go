package main

import (
	"container/heap"
	"container/list"
	"errors"
	"fmt"
	"strconv"
)

type item struct {
	value           string
	priority, index int
}

type queue []*item

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].priority > q[j].priority }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *queue) Push(x any) {
	it := x.(*item)
	it.index = len(*q)
	*q = append(*q, it)
}
func (q *queue) Pop() any {
	old := *q
	it := old[len(old)-1]
	*q = old[:len(old)-1]
	return it
}

func priorityQueue() {
	q := &queue{}
	names, priorities := []string{"banana", "apple", "pear"}, []int{3, 2, 4}
	for i, name := range names {
		heap.Push(q, &item{value: name, priority: priorities[i]})
	}
	orange := &item{value: "orange", priority: 1}
	heap.Push(q, orange)
	orange.priority = 5
	heap.Fix(q, orange.index)
	for q.Len() > 0 {
		it := heap.Pop(q).(*item)
		fmt.Printf("%.2d:%s\n", it.priority, it.value)
	}
}

type entry struct {
	key   string
	value int
}

type cache struct {
	entries  *list.List
	places   map[string]*list.Element
	capacity int
}

func (c *cache) get(key string) int {
	place, ok := c.places[key]
	if !ok {
		return -1
	}
	c.entries.MoveToFront(place)
	return place.Value.(*entry).value
}

func (c *cache) put(key string, value int) {
	if place, ok := c.places[key]; ok {
		place.Value.(*entry).value = value
		c.get(key)
		return
	}
	if c.entries.Len() == c.capacity {
		delete(c.places, c.entries.Remove(c.entries.Back()).(*entry).key)
	}
	c.places[key] = c.entries.PushFront(&entry{key, value})
}

func leastRecentlyUsed() {
	c := cache{list.New(), map[string]*list.Element{}, 2}
	c.put("a", 1)
	c.put("b", 2)
	fmt.Println(c.get("a"))
	c.put("c", 3)
	fmt.Println(c.get("b"), c.get("a"), c.get("c"))
	c.put("a", 10)
	c.put("d", 4)
	fmt.Println(c.get("c"), c.get("a"), c.get("d"))
}

// Go's errors begin with the function that failed.
func failed(err error) string {
	var parsing *strconv.NumError
	errors.As(err, &parsing)
	return fmt.Sprintf("parsing %q: %v", parsing.Num, parsing.Err)
}

func parsingNumbers() {
	for _, text := range []string{"42", "-7", "", "4x", "128", "-129", "+5"} {
		if n, err := strconv.ParseInt(text, 10, 8); err != nil {
			fmt.Println(failed(err))
		} else {
			fmt.Println(n)
		}
	}
	n, _ := strconv.ParseUint("18446744073709551615", 10, 64)
	fmt.Println(n)
	_, err := strconv.ParseBool("maybe")
	fmt.Println(failed(err))
	x, _ := strconv.ParseFloat("2.50", 64)
	fmt.Printf("%.2f %q\n", x, "a\tb")
}
