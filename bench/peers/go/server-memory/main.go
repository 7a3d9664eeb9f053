// Server-memory: clients send requests over channels to handlers, which answer with as many bytes as were asked for and
// keep the beginning of each answer in the session's place: 20 MB in use, 10 GB made and dropped. Printed is the
// process's resident memory in the last half of that, the middle one of many samples, or by how much the greatest
// exceeds the smallest.
package main

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"skein/bench/internal/harness"
	"skein/bench/internal/tree"
)

const (
	clients  = 16
	handlers = 8
	sessions = 20_000
	// kept is how many bytes of an answer its session keeps.
	kept = 1000
	// longest: an answer is shorter than so many bytes.
	longest = 16_384
)

type request struct {
	session, size int
	reply         chan []byte
}

type session struct {
	requests int
	latest   []byte
}

type server struct {
	lock     sync.Mutex
	sessions map[int]*session
	answered atomic.Int64
	wanted   int64
}

func (s *server) handle(requests <-chan *request) {
	for r := range requests {
		answer := make([]byte, r.size)
		for i := range answer {
			answer[i] = byte(r.session)
		}
		s.lock.Lock()
		if s.sessions[r.session] == nil {
			s.sessions[r.session] = &session{}
		}
		known := s.sessions[r.session]
		known.requests++
		known.latest = bytes.Clone(answer[:kept])
		s.lock.Unlock()
		r.reply <- answer
	}
}

func (s *server) ask(seed uint32, requests chan<- *request, done chan<- int) {
	reply := make(chan []byte)
	asked := 0
	for s.answered.Load() < s.wanted {
		seed = tree.Scattered(seed)
		session := int(seed % sessions)
		size := kept + int((seed>>8)%(longest-kept))
		requests <- &request{session, size, reply}
		answer := <-reply
		harness.Check(len(answer) == size && answer[size-1] == byte(session), "the answer")
		s.answered.Add(int64(size))
		asked++
	}
	done <- asked
}

// watch returns the process's resident memory, in MB, from when half of the answers are there until all are.
func (s *server) watch() []float64 {
	var samples []float64
	for s.answered.Load() < s.wanted {
		time.Sleep(20 * time.Millisecond)
		if s.answered.Load() > s.wanted/2 {
			samples = append(samples, harness.Resident())
		}
	}
	slices.Sort(samples)
	return samples
}

func main() {
	s := &server{sessions: make(map[int]*session), wanted: int64(harness.Arg(0, 10_000)) << 20}
	requests := make(chan *request, clients)
	done := make(chan int, clients)
	for i := 0; i < handlers; i++ {
		go s.handle(requests)
	}
	for i := 0; i < clients; i++ {
		go s.ask(uint32(i+1), requests, done)
	}
	samples := s.watch()
	asked := 0
	for i := 0; i < clients; i++ {
		asked += <-done
	}
	close(requests)
	for _, known := range s.sessions {
		asked -= known.requests
	}
	harness.Check(asked == 0, "the sessions' requests are those of the clients")
	most := samples[len(samples)-1]
	if harness.Arg(1, 0) == 1 {
		harness.Result("%", 100*(most-samples[0])/samples[0])
	} else {
		harness.Result("MB", samples[len(samples)/2])
	}
}
