package main

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"
)

func gen(ctx context.Context, nums ...int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for _, n := range nums {
			select {
			case out <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func sq(ctx context.Context, source <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for n := range source {
			select {
			case out <- n * n:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func merge(ctx context.Context, sources ...<-chan int) <-chan int {
	var wg sync.WaitGroup
	out := make(chan int)
	for _, source := range sources {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range source {
				select {
				case out <- n:
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	return out
}

func pipeline() {
	ctx := context.Background()
	for n := range sq(ctx, sq(ctx, gen(ctx, 2, 3))) {
		fmt.Println(n)
	}
	source := gen(ctx, 1, 2, 3, 4, 5)
	sum := 0
	for n := range merge(ctx, sq(ctx, source), sq(ctx, source)) {
		sum += n
	}
	fmt.Println("sum", sum)
}

func cancelledPipeline() {
	ctx, cancel := context.WithCancel(context.Background())
	source := gen(ctx, 4, 4, 4, 4, 4)
	out := merge(ctx, sq(ctx, source), sq(ctx, source))
	fmt.Println(<-out)
	cancel()
	more := 0
	for range out {
		more++
	}
	fmt.Println(more <= 4, ctx.Err())
}

func boring(name string) <-chan string {
	out := make(chan string)
	go func() {
		for i := 0; i < 3; i++ {
			out <- fmt.Sprintf("%s %d", name, i)
		}
		close(out)
	}()
	return out
}

func fanIn() {
	joe, ann := boring("joe"), boring("ann")
	var heard []string
	for joe != nil || ann != nil {
		select {
		case s, ok := <-joe:
			if ok {
				heard = append(heard, s)
			} else {
				joe = nil
			}
		case s, ok := <-ann:
			if ok {
				heard = append(heard, s)
			} else {
				ann = nil
			}
		}
	}
	sort.Strings(heard)
	for _, s := range heard {
		fmt.Println(s)
	}
}

func daisyChain() {
	leftmost := make(chan int)
	right := leftmost
	left := leftmost
	for i := 0; i < 10000; i++ {
		right = make(chan int)
		go pass(left, right)
		left = right
	}
	go func() { right <- 1 }()
	fmt.Println(<-leftmost)
}

func pass(left, right chan int) {
	left <- 1 + <-right
}

func generate(ch chan int) {
	for i := 2; ; i++ {
		ch <- i
	}
}

func filter(source, out chan int, prime int) {
	for {
		i := <-source
		if i%prime != 0 {
			out <- i
		}
	}
}

func primeSieve() {
	ch := make(chan int)
	go generate(ch)
	line := ""
	for i := 0; i < 50; i++ {
		prime := <-ch
		line += fmt.Sprintf("%d ", prime)
		next := make(chan int)
		go filter(ch, next, prime)
		ch = next
	}
	fmt.Println(line)
}

type tree struct {
	left, right *tree
	value       int
}

func insert(t *tree, value int) *tree {
	if t == nil {
		return &tree{value: value}
	}
	if value < t.value {
		t.left = insert(t.left, value)
	} else {
		t.right = insert(t.right, value)
	}
	return t
}

func newTree(k, step int) *tree {
	var t *tree
	for i := 0; i < 10; i++ {
		t = insert(t, (1+i*step%10)*k)
	}
	return t
}

func walk(t *tree, ch chan int) {
	if t == nil {
		return
	}
	walk(t.left, ch)
	ch <- t.value
	walk(t.right, ch)
}

func walked(t *tree) chan int {
	ch := make(chan int)
	go func() {
		walk(t, ch)
		close(ch)
	}()
	return ch
}

func same(a, b *tree) bool {
	as, bs := walked(a), walked(b)
	for {
		x, okX := <-as
		y, okY := <-bs
		if okX != okY || x != y {
			return false
		}
		if !okX {
			return true
		}
	}
}

func equivalentTrees() {
	fmt.Println(same(newTree(1, 3), newTree(1, 7)))
	fmt.Println(same(newTree(1, 3), newTree(2, 3)))
}

func timeouts() {
	slow := make(chan string, 1)
	go func() {
		time.Sleep(200 * time.Millisecond)
		slow <- "result 1"
	}()
	select {
	case s := <-slow:
		fmt.Println(s)
	case <-time.After(20 * time.Millisecond):
		fmt.Println("timeout 1")
	}
	fast := make(chan string, 1)
	go func() {
		time.Sleep(time.Millisecond)
		fast <- "result 2"
	}()
	select {
	case s := <-fast:
		fmt.Println(s)
	case <-time.After(3000 * time.Millisecond):
		fmt.Println("timeout 2")
	}
}

func ticker() {
	ticker := time.NewTicker(2 * time.Millisecond)
	ticks := 0
	for at := range ticker.C {
		if at.IsZero() {
			fmt.Println("no time")
		}
		if ticks++; ticks == 5 {
			break
		}
	}
	ticker.Stop()
	time.Sleep(10 * time.Millisecond)
	select {
	case <-ticker.C:
		fmt.Println("a tick")
	default:
		fmt.Println("stopped after", ticks)
	}
}

func selectDefault() {
	messages := make(chan string)
	signals := make(chan bool)
	select {
	case s := <-messages:
		fmt.Println("received " + s)
	default:
		fmt.Println("no message received")
	}
	select {
	case messages <- "hi":
		fmt.Println("sent")
	default:
		fmt.Println("no message sent")
	}
	select {
	case s := <-messages:
		fmt.Println("received " + s)
	case <-signals:
		fmt.Println("signal")
	default:
		fmt.Println("no activity")
	}
}

func closingChannels() {
	jobs := make(chan int, 5)
	done := make(chan bool)
	go func() {
		for {
			j, ok := <-jobs
			if !ok {
				break
			}
			fmt.Println("received job", j)
		}
		fmt.Println("received all jobs")
		done <- true
	}()
	for j := 1; j <= 3; j++ {
		jobs <- j
	}
	close(jobs)
	<-done
	j, ok := <-jobs
	fmt.Println(j, ok)
}

func rangeOverChannels() {
	queue := make(chan string, 2)
	queue <- "one"
	queue <- "two"
	close(queue)
	for s := range queue {
		fmt.Println(s)
	}
}
