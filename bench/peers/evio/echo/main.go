// Echo: a server that gives back what each connection sends, with evio's loops, one for each processor.
package main

import (
	"fmt"

	"github.com/tidwall/evio"
)

func main() {
	var events evio.Events
	events.NumLoops = -1
	events.LoadBalance = evio.LeastConnections
	events.Serving = func(server evio.Server) evio.Action {
		fmt.Println("LISTEN tcp://" + server.Addrs[0].String())
		return evio.None
	}
	events.Opened = func(evio.Conn) ([]byte, evio.Options, evio.Action) {
		return nil, evio.Options{ReuseInputBuffer: true}, evio.None
	}
	events.Data = func(_ evio.Conn, in []byte) ([]byte, evio.Action) {
		return in, evio.None
	}
	if err := evio.Serve(events, "tcp://127.0.0.1:0"); err != nil {
		panic(err)
	}
}
