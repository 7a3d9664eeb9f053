package main

import (
	"bufio"
	"container/heap"
	"crypto/md5"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"
)

// Advanced Go Concurrency Patterns: ping-pong

type ball struct{ hits int }

func player(table chan *ball, over chan bool) {
	for b := range table {
		b.hits++
		fmt.Println("hit", b.hits)
		if b.hits == 6 {
			over <- true
			return
		}
		table <- b
	}
}

func pingPong() {
	table, over := make(chan *ball), make(chan bool)
	go player(table, over)
	go player(table, over)
	table <- new(ball)
	<-over
}

// The same: a subscription

type post struct{ title, channel string }

func fetch(domain string, n int) (items []post, next time.Duration, err error) {
	if n == 3 {
		return nil, time.Millisecond, errors.New("fetching too often")
	}
	for i := 0; i < 2; i++ {
		items = append(items, post{fmt.Sprintf("Item %d", 2*n+i), domain})
	}
	return items, time.Millisecond, nil
}

type subscription struct {
	updates chan post
	closing chan chan error
}

func subscribe(domain string) *subscription {
	s := &subscription{make(chan post), make(chan chan error)}
	go s.loop(domain)
	return s
}

func (s *subscription) close() error {
	errc := make(chan error)
	s.closing <- errc
	return <-errc
}

func (s *subscription) loop(domain string) {
	var pending []post
	var err error
	fetches := 0
	startFetch := time.After(0)
	for {
		var first post
		var updates chan post
		if len(pending) > 0 {
			first = pending[0]
			updates = s.updates
		}
		select {
		case errc := <-s.closing:
			errc <- err
			close(s.updates)
			return
		case <-startFetch:
			var fetched []post
			var next time.Duration
			fetched, next, err = fetch(domain, fetches)
			fetches++
			if err != nil {
				startFetch = nil
				break
			}
			pending = append(pending, fetched...)
			startFetch = time.After(next)
		case updates <- first:
			pending = pending[1:]
		}
	}
}

func feed() {
	s := subscribe("blog.golang.org")
	for i := 0; i < 6; i++ {
		it := <-s.updates
		fmt.Println(it.channel, it.title)
	}
	time.Sleep(20 * time.Millisecond)
	fmt.Println("closed:", s.close())
	_, ok := <-s.updates
	fmt.Println(ok)
}

// Concurrency is not Parallelism: a load balancer

type request struct {
	n int
	c chan int
}

type worker struct {
	requests       chan request
	pending, index int
}

func (w *worker) work(done chan *worker) {
	for req := range w.requests {
		req.c <- req.n * req.n
		done <- w
	}
}

type pool []*worker

func (p pool) Len() int           { return len(p) }
func (p pool) Less(i, j int) bool { return p[i].pending < p[j].pending }
func (p pool) Swap(i, j int)      { p[i], p[j] = p[j], p[i]; p[i].index = i; p[j].index = j }
func (p *pool) Push(x any)        { w := x.(*worker); w.index = len(*p); *p = append(*p, w) }
func (p *pool) Pop() any {
	old := *p
	w := old[len(old)-1]
	*p = old[:len(old)-1]
	return w
}

func balance(work chan request, workers, n int) {
	done := make(chan *worker, n)
	var p pool
	for i := 0; i < workers; i++ {
		w := &worker{requests: make(chan request, n)}
		heap.Push(&p, w)
		go w.work(done)
	}
	for handled := 0; handled < n; {
		select {
		case req := <-work:
			w := heap.Pop(&p).(*worker)
			w.requests <- req
			w.pending++
			heap.Push(&p, w)
		case w := <-done:
			w.pending--
			heap.Fix(&p, w.index)
			handled++
		}
	}
	left := 0
	for _, w := range p {
		left += w.pending
		close(w.requests)
	}
	fmt.Printf("%d workers, %d pending\n", len(p), left)
}

func loadBalancer() {
	work, results := make(chan request), make(chan int, 100)
	for i := 0; i < 10; i++ {
		go func() {
			for k := 0; k < 10; k++ {
				work <- request{i*10 + k, results}
			}
		}()
	}
	balance(work, 4, 100)
	sum := 0
	for i := 0; i < 100; i++ {
		sum += <-results
	}
	fmt.Println("sum", sum)
}

// The Go Programming Language 8.10: a chat server

type client chan<- string

func broadcaster(entering, leaving chan client, messages chan string) {
	clients := make(map[client]bool)
	for {
		select {
		case msg := <-messages:
			for cli := range clients {
				cli <- msg
			}
		case cli := <-entering:
			clients[cli] = true
		case cli := <-leaving:
			delete(clients, cli)
			close(cli)
		}
	}
}

func handleConn(conn net.Conn, entering, leaving chan client, messages chan string) {
	defer conn.Close()
	ch := make(chan string, 10)
	go func() {
		for msg := range ch {
			fmt.Fprintln(conn, msg)
		}
	}()
	input := bufio.NewScanner(conn)
	input.Scan()
	who := input.Text()
	ch <- "You are " + who
	messages <- who + " has arrived"
	entering <- ch
	for input.Scan() {
		messages <- who + ": " + input.Text()
	}
	leaving <- ch
	messages <- who + " has left"
}

type guest struct {
	conn  net.Conn
	lines *bufio.Scanner
}

func join(addr, name string) *guest {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(conn, name)
	g := &guest{conn, bufio.NewScanner(conn)}
	g.hear()
	return g
}

func (g *guest) hear() {
	g.lines.Scan()
	fmt.Println(g.lines.Text())
}

func chat() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	entering, leaving, messages := make(chan client), make(chan client), make(chan string)
	go broadcaster(entering, leaving, messages)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go handleConn(conn, entering, leaving, messages)
		}
	}()
	addr := listener.Addr().String()
	ann := join(addr, "ann")
	fmt.Fprintln(ann.conn, "anybody here?")
	ann.hear()
	joe := join(addr, "joe")
	ann.hear()
	fmt.Fprintln(joe.conn, "hello, ann")
	ann.hear()
	joe.hear()
	joe.conn.Close()
	ann.hear()
	ann.conn.Close()
	listener.Close()
}

// The Go Programming Language 9.7: a concurrent non-blocking cache

type cached struct {
	value string
	err   error
	ready chan struct{}
}

type memo struct {
	f     func(key string) (string, error)
	mutex sync.Mutex
	cache map[string]*cached
}

func (m *memo) get(key string) (string, error) {
	m.mutex.Lock()
	e := m.cache[key]
	if e == nil {
		e = &cached{ready: make(chan struct{})}
		m.cache[key] = e
		m.mutex.Unlock()
		e.value, e.err = m.f(key)
		close(e.ready)
	} else {
		m.mutex.Unlock()
		<-e.ready
	}
	return e.value, e.err
}

func memoized() {
	calls := make(chan string, 100)
	m := &memo{cache: map[string]*cached{}, f: func(key string) (string, error) {
		calls <- key
		time.Sleep(5 * time.Millisecond)
		if key == "" {
			return "", errors.New("no key")
		}
		return strings.ToUpper(key), nil
	}}
	var wg sync.WaitGroup
	results := make(chan string, 100)
	for i := 0; i < 10; i++ {
		for _, key := range []string{"go", "skein", ""} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				value, err := m.get(key)
				results <- fmt.Sprintf("%q %v", value, err)
			}()
		}
	}
	wg.Wait()
	close(results)
	counts := map[string]int{}
	for result := range results {
		counts[result]++
	}
	fmt.Println(len(calls), counts)
}

// Go's blog, Pipelines and cancellation: MD5 of files; The Go Programming Language 8.8: du

func makeTree() string {
	root := filepath.Join(os.Args[1], "go-tree")
	for i := 0; i < 3; i++ {
		dir := filepath.Join(root, fmt.Sprintf("d%d", i), "deep")
		if err := os.MkdirAll(dir, 0o777); err != nil {
			panic(err)
		}
		for k := 0; k <= i; k++ {
			text := strings.Repeat(fmt.Sprintf("file %d\n", k), 100*k)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.txt", k)), []byte(text), 0o666); err != nil {
				panic(err)
			}
		}
	}
	return root
}

func walkFiles(done chan bool, root string) (<-chan string, <-chan error) {
	paths, errc := make(chan string), make(chan error, 1)
	go func() {
		defer close(paths)
		errc <- filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			select {
			case paths <- path:
			case <-done:
				return errors.New("walk canceled")
			}
			return nil
		})
	}()
	return paths, errc
}

type digest struct {
	path string
	sum  [md5.Size]byte
	err  error
}

func digester(done chan bool, paths <-chan string, c chan<- digest) {
	for path := range paths {
		data, err := os.ReadFile(path)
		select {
		case c <- digest{path, md5.Sum(data), err}:
		case <-done:
			return
		}
	}
}

func digests() {
	root := makeTree()
	done := make(chan bool)
	defer close(done)
	paths, errc := walkFiles(done, root)
	c := make(chan digest)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			digester(done, paths, c)
			wg.Done()
		}()
	}
	go func() {
		wg.Wait()
		close(c)
	}()
	var all []digest
	for d := range c {
		all = append(all, d)
	}
	fmt.Println(<-errc)
	sort.Slice(all, func(i, j int) bool { return all[i].path < all[j].path })
	for _, d := range all {
		fmt.Printf("%x  %s\n", d.sum, strings.TrimPrefix(d.path, root))
	}
}

func walkDir(dir string, wg *sync.WaitGroup, sema chan bool, sizes chan<- int64) {
	defer wg.Done()
	sema <- true
	entries, err := os.ReadDir(dir)
	<-sema
	if err != nil {
		fmt.Println(err)
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if entry.IsDir() {
			wg.Add(1)
			go walkDir(path, wg, sema, sizes)
		} else if info, err := os.Stat(path); err == nil {
			sizes <- info.Size()
		}
	}
}

func diskUsage() {
	root := makeTree()
	sizes, sema := make(chan int64), make(chan bool, 2)
	var wg sync.WaitGroup
	wg.Add(1)
	go walkDir(root, &wg, sema, sizes)
	go func() {
		wg.Wait()
		close(sizes)
	}()
	var files, bytes int64
	for size := range sizes {
		files++
		bytes += size
	}
	fmt.Printf("%d files  %.2f kB\n", files, float64(bytes)/1e3)
	fmt.Println(os.RemoveAll(root))
}

// Go's blog: Defer, Panic, and Recover

func deferPanicRecover() {
	f()
	fmt.Println("Returned normally from f.")
}

func f() {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println("Recovered in f", r)
		}
	}()
	fmt.Println("Calling g.")
	g(0)
	fmt.Println("Returned normally from g.")
}

func g(i int) {
	if i > 3 {
		fmt.Println("Panicking!")
		panic(fmt.Sprintf("%v", i))
	}
	defer fmt.Println("Defer in g", i)
	fmt.Println("Printing in g", i)
	g(i + 1)
}

// sync.Cond: a starting gun

func startingGun() {
	var mutex sync.Mutex
	ready := sync.NewCond(&mutex)
	waiting, started := 0, false
	finished := make(chan int)
	for i := 0; i < 5; i++ {
		go func() {
			mutex.Lock()
			waiting++
			for !started {
				ready.Wait()
			}
			mutex.Unlock()
			finished <- i
		}()
	}
	for isReady := false; !isReady; time.Sleep(time.Millisecond) {
		mutex.Lock()
		isReady = waiting == 5
		mutex.Unlock()
	}
	mutex.Lock()
	started = true
	ready.Broadcast()
	mutex.Unlock()
	sum := 0
	for i := 0; i < 5; i++ {
		sum += <-finished
	}
	fmt.Println(waiting, "runners", sum)
}

// The Go Programming Language 4.3 and 1.3: words and lines

func wordFrequency() {
	const text = "the quick brown fox\njumps over the lazy dog\r\nthe end"
	words := bufio.NewScanner(strings.NewReader(text))
	words.Split(bufio.ScanWords)
	counts := map[string]int{}
	for words.Scan() {
		counts[words.Text()]++
	}
	fmt.Println(counts)
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		fmt.Printf("%3d: %q\n", n, lines.Text())
	}
}

// Go by Example: string formatting

type point struct{ x, y int }

func stringFormatting() {
	p := point{1, 2}
	fmt.Printf("struct1: %v\n", p)
	fmt.Printf("struct2: %+v\n", p)
	fmt.Printf("bool: %t\n", true)
	fmt.Printf("int: %d\n", 123)
	fmt.Printf("bin: %b\n", 14)
	fmt.Printf("char: %c\n", 33)
	fmt.Printf("hex: %x\n", 456)
	fmt.Printf("float1: %f\n", 78.9)
	fmt.Printf("float2: %e\n", 123400000.0)
	fmt.Printf("float3: %E\n", 123400000.0)
	fmt.Printf("str1: %s\n", "\"string\"")
	fmt.Printf("str2: %q\n", "\"string\"")
	fmt.Printf("str3: %x\n", "hex this")
	fmt.Printf("width1: |%6d|%6d|\n", 12, 345)
	fmt.Printf("width2: |%6.2f|%6.2f|\n", 1.2, 3.45)
	fmt.Printf("width3: |%-6.2f|%-6.2f|\n", 1.2, 3.45)
	fmt.Printf("width4: |%6s|%6s|\n", "foo", "b")
	fmt.Printf("width5: |%-6s|%-6s|\n", "foo", "b")
	s := fmt.Sprintf("sprintf: a %s", "string")
	fmt.Println(s)
}

// The Go Playground: life

type field struct {
	cells [][]bool
	w, h  int
}

func newField(w, h int) *field {
	cells := make([][]bool, h)
	for i := range cells {
		cells[i] = make([]bool, w)
	}
	return &field{cells, w, h}
}

func (f *field) alive(x, y int) bool {
	return f.cells[(y+f.h)%f.h][(x+f.w)%f.w]
}

func (f *field) next(x, y int) bool {
	alive := 0
	for i := -1; i <= 1; i++ {
		for j := -1; j <= 1; j++ {
			if (j != 0 || i != 0) && f.alive(x+i, y+j) {
				alive++
			}
		}
	}
	return alive == 3 || alive == 2 && f.alive(x, y)
}

func life() {
	a, b := newField(8, 6), newField(8, 6)
	for _, p := range []point{{1, 0}, {2, 1}, {0, 2}, {1, 2}, {2, 2}} {
		a.cells[p.y][p.x] = true
	}
	for step := 0; step < 10; step++ {
		var wg sync.WaitGroup
		for y := 0; y < a.h; y++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for x := 0; x < a.w; x++ {
					b.cells[y][x] = a.next(x, y)
				}
			}()
		}
		wg.Wait()
		a, b = b, a
	}
	for _, row := range a.cells {
		for _, cell := range row {
			if cell {
				fmt.Print("*")
			} else {
				fmt.Print(" ")
			}
		}
		fmt.Println("|")
	}
}
