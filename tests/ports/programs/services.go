package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"
)

func workerPool() {
	jobs, results := make(chan int, 100), make(chan int, 100)
	for w := 0; w < 3; w++ {
		go func() {
			for job := range jobs {
				results <- job * 2
			}
		}()
	}
	for j := 1; j <= 9; j++ {
		jobs <- j
	}
	close(jobs)
	sum := 0
	for a := 0; a < 9; a++ {
		sum += <-results
	}
	fmt.Println(sum)
}

type sum struct {
	text   string
	digest [sha256.Size]byte
}

func boundedParallelism() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	texts, sums := make(chan string), make(chan sum)
	go func() {
		defer close(texts)
		for _, text := range []string{"cherry", "apple", "banana", "date"} {
			select {
			case texts <- text:
			case <-ctx.Done():
				return
			}
		}
	}()
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for text := range texts {
				sums <- sum{text, sha256.Sum256([]byte(text))}
			}
		}()
	}
	go func() {
		wg.Wait()
		close(sums)
	}()
	var all []sum
	for s := range sums {
		all = append(all, s)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].text < all[j].text })
	for _, s := range all {
		fmt.Printf("%x  %s\n", s.digest, s.text)
	}
}

func errorGroup() {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, name := range []string{"web", "image", "video"} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if name == "image" {
				cancel(errors.New("no images"))
				return
			}
			<-ctx.Done()
		}()
	}
	wg.Wait()
	fmt.Println(context.Cause(ctx))
}

type requestID struct{}

func deeper(ctx context.Context, wg *sync.WaitGroup, depth int, ended chan string) {
	defer wg.Done()
	if depth < 3 {
		child, cancel := context.WithCancel(ctx)
		defer cancel()
		wg.Add(2)
		go deeper(child, wg, depth+1, ended)
		go deeper(child, wg, depth+1, ended)
	}
	<-ctx.Done()
	ended <- fmt.Sprintf("%d %v %v", depth, ctx.Value(requestID{}), ctx.Err())
}

func contextTree() {
	root, cancel := context.WithTimeout(context.WithValue(context.Background(), requestID{}, 42), 300*time.Millisecond)
	defer cancel()
	ended := make(chan string, 100)
	var wg sync.WaitGroup
	wg.Add(1)
	go deeper(root, &wg, 0, ended)
	wg.Wait()
	close(ended)
	var lines []string
	for line := range ended {
		lines = append(lines, line)
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}

type broker struct {
	mutex  sync.Mutex
	topics map[string][]chan string
}

func (b *broker) subscribe(topic string) chan string {
	ch := make(chan string, 10)
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.topics[topic] = append(b.topics[topic], ch)
	return ch
}

func (b *broker) publish(topic, message string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, ch := range b.topics[topic] {
		ch <- message
	}
}

func (b *broker) close() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, subscribers := range b.topics {
		for _, ch := range subscribers {
			close(ch)
		}
	}
}

func publishSubscribe() {
	b := broker{topics: map[string][]chan string{}}
	first, second, sport := b.subscribe("news"), b.subscribe("news"), b.subscribe("sport")
	b.publish("news", "rain")
	b.publish("sport", "draw")
	b.publish("news", "sun")
	b.publish("weather", "nobody listens")
	b.close()
	for _, ch := range []chan string{first, second, sport} {
		line := ""
		for message := range ch {
			line += message + " "
		}
		fmt.Println(line)
	}
}

type read struct {
	key    int
	answer chan int
}

type write struct {
	key, value int
	done       chan bool
}

func statefulGoroutine() {
	reads, writes := make(chan read), make(chan write)
	go func() {
		state := map[int]int{}
		for {
			select {
			case read := <-reads:
				read.answer <- state[read.key]
			case write := <-writes:
				state[write.key] = write.value
				write.done <- true
			}
		}
	}()
	var wg sync.WaitGroup
	for key := 0; key < 5; key++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 1; i <= 100; i++ {
				w := write{key, i * key, make(chan bool)}
				writes <- w
				<-w.done
			}
		}()
	}
	wg.Wait()
	sum := 0
	for key := 0; key < 5; key++ {
		r := read{key, make(chan int)}
		reads <- r
		sum += <-r.answer
	}
	fmt.Println(sum)
}

func replica(kind, query string, delay time.Duration) string {
	time.Sleep(delay)
	return fmt.Sprintf("%s result for %q", kind, query)
}

func fastest(kind, query string, delays ...time.Duration) string {
	results := make(chan string, len(delays))
	for _, delay := range delays {
		go func() { results <- replica(kind, query, delay) }()
	}
	return <-results
}

func replicatedSearch() {
	results := make(chan string, 3)
	const ms = time.Millisecond
	go func() { results <- fastest("web", "golang", 500*ms, 2*ms) }()
	go func() { results <- fastest("image", "golang", 1*ms, 500*ms) }()
	go func() { results <- fastest("video", "golang", 3000*ms, 3000*ms) }()
	timeout := time.After(300 * ms)
	var found []string
	isLate := false
	for len(found) < 3 && !isLate {
		select {
		case result := <-results:
			found = append(found, result)
		case <-timeout:
			isLate = true
		}
	}
	sort.Strings(found)
	for _, result := range found {
		fmt.Println(result)
	}
	if isLate {
		fmt.Println("timed out")
	}
}

func rateLimiting() {
	tokens := make(chan bool, 3)
	for i := 0; i < 3; i++ {
		tokens <- true
	}
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	go func() {
		for range ticker.C {
			tokens <- true
		}
	}()
	began := time.Now()
	atOnce := false
	for i := 0; i < 6; i++ {
		<-tokens
		if i == 2 {
			atOnce = time.Since(began) < 200*time.Millisecond
		}
	}
	fmt.Println(atOnce, time.Since(began) >= 14*time.Millisecond)
}

var pages = map[string][]string{
	"/":         {"/pkg/", "/cmd/"},
	"/pkg/":     {"/", "/cmd/", "/pkg/fmt/", "/pkg/os/"},
	"/pkg/fmt/": {"/", "/pkg/"},
	"/pkg/os/":  {"/", "/pkg/"},
}

type crawler struct {
	mutex sync.Mutex
	seen  map[string]bool
	wg    sync.WaitGroup
}

func (c *crawler) isNew(url string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, seen := c.seen[url]; seen {
		return false
	}
	_, c.seen[url] = pages[url]
	return true
}

func (c *crawler) crawl(url string, depth int) {
	defer c.wg.Done()
	if depth == 0 || !c.isNew(url) {
		return
	}
	for _, link := range pages[url] {
		c.wg.Add(1)
		go c.crawl(link, depth-1)
	}
}

func webCrawler() {
	c := crawler{seen: map[string]bool{}}
	c.wg.Add(1)
	go c.crawl("/", 4)
	c.wg.Wait()
	var lines []string
	for url, isFound := range c.seen {
		if isFound {
			lines = append(lines, "found "+url)
		} else {
			lines = append(lines, "missing "+url)
		}
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}
